"""Which mail follows from what is heard: one of a kind for each order, whatever the order of delivery."""

from itertools import permutations
from typing import Any

import pytest

from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_UPDATED,
    USER_CREATED,
    ConfirmedPayment,
    EventData,
    EventType,
    OrderState,
)
from common.mongo import new_id, oid
from common.testing import Kit
from emails.service import Emails

from .factories import BUYER, EMAIL, PAID_AT, FakeSender, make_order, make_user

TYPES: dict[str, EventType[OrderState]] = {"complete": ORDER_COMPLETED, "cancelled": ORDER_CANCELLED}


async def hear(kit: Kit, *states: EventData) -> None:
    for state in states:
        await kit.hear(TYPES[state.status] if isinstance(state, OrderState) else USER_CREATED, state)


async def test_a_complete_order_is_confirmed_to_its_buyer(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    order = make_order()
    kit.clock.advance((PAID_AT - kit.clock()).total_seconds())
    await hear(kit, make_user(), order)
    kit.clock.advance(3600)
    await emails.send_due()
    (letter,) = sender.sent
    assert (letter.to, letter.subject) == (EMAIL, "It is yours: Hozier")
    assert "You paid $84.00 on 20 November 2026 at 18:31 UTC." in letter.text
    assert f"https://ticketing.test/orders/{order.id}" in letter.text


async def test_what_was_paid_counts(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    payment = ConfirmedPayment(id=new_id(), attempt=1, amount_cents=9000)
    await hear(kit, make_user(), make_order(payment=payment))
    await emails.send_due()
    assert "You paid $90.00" in sender.sent[0].text


async def test_an_expired_order_is_told(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    order = make_order(status="cancelled", reason="expired", expires_at=PAID_AT)
    await hear(kit, make_user(), order)
    await emails.send_due()
    (letter,) = sender.sent
    assert letter.subject == "Not charged: Hozier"
    assert letter.text.startswith("The time ran out. You were not charged.")
    assert "held for you until 20 November 2026 at 18:31 UTC" in letter.text


@pytest.mark.parametrize("reason", ["rejected", "failed"])
async def test_an_order_that_ended_against_its_buyers_will_is_told(
    kit: Kit, emails: Emails, sender: FakeSender, reason: Any
) -> None:
    await hear(kit, make_user(), make_order(status="cancelled", reason=reason))
    await emails.send_due()
    (letter,) = sender.sent
    assert letter.subject == "Not charged: Hozier"
    assert letter.text.startswith("Your order was cancelled. You were not charged.")


async def test_who_cancels_knows_it(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await hear(kit, make_user(), make_order(status="cancelled", reason="buyer"))
    await emails.send_due()
    assert sender.sent == []


async def test_a_refund_is_told_once(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    order = make_order()
    await hear(kit, make_user(), order)
    await emails.send_due()
    for version in (4, 5):
        await kit.hear(ORDER_UPDATED, order.model_copy(update={"version": version, "refunded": True}))
        await emails.send_due()
    assert [letter.subject for letter in sender.sent] == ["It is yours: Hozier", "Refunded: Hozier"]
    assert "All of the $84.00 was sent back to your card" in sender.sent[1].text


async def test_in_every_order_and_twice_it_is_one_mail(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    for number, events in enumerate(permutations(["old address", "new address", "order", "order"])):
        buyer, title = new_id(), f"Order {number}"
        order = make_order(title, user_id=buyer)
        states = {
            "old address": make_user(buyer, version=1, email="old@example.com"),
            "new address": make_user(buyer, version=4, email="new@example.com"),
            "order": order,
        }
        await hear(kit, *(states[event] for event in events))
        await emails.send_due()
        (letter,) = sender.sent
        assert (letter.to, letter.subject) == ("new@example.com", f"It is yours: {title}")
        sender.sent.clear()


async def test_a_mail_waits_for_the_address_and_for_nobody_elses(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await hear(kit, make_order())
    await emails.send_due()
    await hear(kit, make_user(new_id(), email="somebody@example.com"))
    await emails.send_due()
    assert sender.tried == []
    await hear(kit, make_user())
    await emails.send_due()
    assert [letter.to for letter in sender.sent] == [EMAIL]


async def test_a_mail_saved_by_a_process_that_died_is_released(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    """It saved the mail and died before it looked for the address; the event comes again."""
    order = make_order()
    await hear(kit, order)
    await kit.database["addresses"].insert_one({"_id": oid(BUYER), "version": 0, "email": EMAIL})
    await hear(kit, order)
    await emails.send_due()
    assert len(sender.sent) == 1


async def test_what_was_sent_is_not_sent_again(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    order = make_order()
    await hear(kit, make_user(), order)
    await emails.send_due()
    await kit.hear(ORDER_COMPLETED, order.model_copy(update={"version": 9}), repeat=True)
    await hear(kit, order, make_user(version=1))
    kit.clock.advance(3600)
    await emails.send_due()
    assert len(sender.sent) == 1


async def test_each_order_has_its_own_mail(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await hear(kit, make_user(), make_order("First"), make_order("Second"))
    await emails.send_due()
    assert {letter.subject for letter in sender.sent} == {"It is yours: First", "It is yours: Second"}
    assert len({letter.id for letter in sender.sent}) == 2
