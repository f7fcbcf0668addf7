"""What the operator's commands do."""

from common.events import ORDER_COMPLETED, USER_CREATED
from common.testing import Kit
from emails import commands
from emails.service import Emails

from .factories import BUYER, EMAIL, FakeSender, make_order, make_user


async def lines(kit: Kit) -> list[dict[str, object]]:
    return [dict(line) async for line in commands.state(kit.parts)]


async def test_state_tells_of_every_mail_and_every_address(kit: Kit, emails: Emails) -> None:
    order = make_order()
    await kit.hear(ORDER_COMPLETED, order)
    first, mail, last = await lines(kit)
    assert (first["service"], last) == ("emails", {"ends": "emails", "lines": 1})
    about = {"about": "order_completed", "status": "waiting", "order": order.id, "user": BUYER}
    assert (mail["owns"], mail["waiting"], mail["private"]) == ("mail", ["auth"], about)
    await kit.hear(USER_CREATED, make_user())
    await emails.send_due()
    _, mail, address, _ = await lines(kit)
    assert (mail["waiting"], address["state"]) == ([], {"id": BUYER, "email": EMAIL, "version": 0})


async def test_a_rebuild_sends_no_mail_twice(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    order = make_order()
    await kit.hear(USER_CREATED, make_user())
    await kit.hear(ORDER_COMPLETED, order)
    await emails.send_due()
    assert await commands.rebuild(kit.parts) == "1 addresses wait to be announced"
    for again in (make_user(), make_user(email="new@example.com", version=0)):
        await kit.hear(USER_CREATED, again)
        await kit.hear(ORDER_COMPLETED, order)
    await emails.send_due()
    assert await commands.forget(kit.parts) == "0 addresses dropped"
    assert [letter.to for letter in sender.sent] == [EMAIL]
    assert (await lines(kit))[2]["state"]["email"] == EMAIL  # type: ignore[index]


async def test_a_mail_due_during_a_rebuild_goes_to_the_address_that_was_known(
    kit: Kit, emails: Emails, sender: FakeSender
) -> None:
    await kit.hear(USER_CREATED, make_user())
    await commands.rebuild(kit.parts)
    await kit.hear(ORDER_COMPLETED, make_order())
    await emails.send_due()
    assert [letter.to for letter in sender.sent] == [EMAIL]
