"""Sending: once, by one process, again after a failure, and never in the way of another mail."""

import asyncio
import logging
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from common.events import ORDER_COMPLETED, USER_CREATED
from common.testing import Kit
from common.web import Parts
from emails.app import create_service
from emails.errors import MailDeferred, MailRefused
from emails.service import BATCH, CONNECTIONS, LEASE, Emails
from emails.settings import Settings

from .factories import FakeSender, make_order, make_user

AFTER_LEASE = LEASE.total_seconds() + 1


async def make_due(kit: Kit, *titles: str) -> None:
    await kit.hear(USER_CREATED, make_user())
    for title in titles or ("Hozier",):
        await kit.hear(ORDER_COMPLETED, make_order(title))


async def statuses(kit: Kit) -> list[str]:
    return sorted([mail["status"] async for mail in kit.database["mails"].find()])


async def until(condition: Any) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
async def other(kit: Kit, settings: Settings) -> Emails:
    """Another process of the service, with a sender of its own."""
    return create_service(settings, Parts("emails", kit.database, kit.bus, kit.clock), FakeSender())


def sender_of(service: Emails) -> FakeSender:
    found = service._sender
    assert isinstance(found, FakeSender)
    return found


async def test_two_processes_never_send_the_same(kit: Kit, emails: Emails, other: Emails, sender: FakeSender) -> None:
    await make_due(kit)
    sender.gate.clear()
    first = asyncio.create_task(emails.send_due())
    await until(lambda: sender.tried)
    await other.send_due()
    assert sender_of(other).tried == []
    sender.gate.set()
    await first
    kit.clock.advance(AFTER_LEASE)
    await other.send_due()
    assert (len(sender.sent), sender_of(other).tried) == (1, [])


async def test_of_two_that_saw_it_due_one_sends(
    kit: Kit, emails: Emails, other: Emails, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have asked what is due before either claims it."""
    await make_due(kit)
    both = asyncio.Barrier(2)
    due = type(emails._store).due

    async def together(self: Any, *arguments: Any) -> Any:
        found = await due(self, *arguments)
        await both.wait()
        return found

    monkeypatch.setattr(type(emails._store), "due", together)
    await asyncio.gather(emails.send_due(), other.send_due())
    assert len(sender.tried) + len(sender_of(other).tried) == 1


async def test_what_a_dead_process_claimed_is_sent_by_another(kit: Kit, emails: Emails, other: Emails) -> None:
    await make_due(kit)
    sender = sender_of(emails)
    sender.gate.clear()
    dying = asyncio.create_task(emails.send_due())
    await until(lambda: sender.tried)
    kit.clock.advance(LEASE.total_seconds() - 1)
    await other.send_due()
    assert sender_of(other).sent == []
    kit.clock.advance(1)
    await other.send_due()
    assert len(sender_of(other).sent) == 1
    sender.answers.append(MailRefused())
    sender.gate.set()
    await dying
    assert await statuses(kit) == ["sent"]  # what the first learnt late changes nothing


async def test_who_is_told_to_leave_finishes_the_sentence(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await make_due(kit, *(str(number) for number in range(CONNECTIONS + 3)))
    sender.gate.clear()
    sweep = asyncio.create_task(emails.send_due())
    await until(lambda: len(sender.tried) == CONNECTIONS)
    sweep.cancel()
    await asyncio.sleep(0.01)
    sender.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await sweep
    assert len(sender.sent) == CONNECTIONS
    assert await statuses(kit) == ["due"] * 3 + ["sent"] * CONNECTIONS


async def test_a_yes_is_remembered_until_it_is_marked(
    kit: Kit, emails: Emails, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> None:
        raise AutoReconnect

    await make_due(kit)
    monkeypatch.setattr(type(emails._store), "sent", down)
    for _ in range(2):
        with pytest.raises(AutoReconnect):
            await emails.send_due()
        kit.clock.advance(AFTER_LEASE)
    monkeypatch.undo()
    await emails.send_due()
    assert len(sender.tried) == 1
    assert await statuses(kit) == ["sent"]


async def test_a_database_that_fails_between_is_not_the_mails_fault(
    kit: Kit, emails: Emails, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> None:
        raise AutoReconnect

    await make_due(kit)
    monkeypatch.setattr(type(emails._store), "address", down)
    with pytest.raises(AutoReconnect):
        await emails.send_due()
    monkeypatch.undo()
    assert (await kit.database["mails"].find_one())["tries"] == 0
    kit.clock.advance(AFTER_LEASE)
    await emails.send_due()
    assert len(sender.sent) == 1


@pytest.mark.parametrize("error", [MailDeferred("451 later"), RuntimeError("a fault of our own")])
async def test_a_failed_mail_is_tried_again_later_each_time(
    kit: Kit, emails: Emails, sender: FakeSender, error: Exception
) -> None:
    await make_due(kit)
    for wait in (5, 10, 20):
        sender.answers.append(error)
        await emails.send_due()
        tried = len(sender.tried)
        kit.clock.advance(wait - 0.001)
        await emails.send_due()
        assert len(sender.tried) == tried
        kit.clock.advance(0.001)
    assert (await kit.database["mails"].find_one())["error"] == str(error)
    await emails.send_due()
    assert len(sender.sent) == 1
    assert len({letter.id for letter in sender.tried}) == 1


async def test_what_is_refused_for_good_raises_an_alarm(
    kit: Kit, emails: Emails, sender: FakeSender, caplog: pytest.LogCaptureFixture
) -> None:
    await make_due(kit)
    sender.answers.append(MailRefused("550 no such mailbox"))
    await emails.send_due()
    (alarm,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert alarm.__dict__["error"] == "550 no such mailbox"
    kit.clock.advance(24 * 3600)
    await emails.send_due()
    assert len(sender.tried) == 1
    assert await emails.retry() == 1
    await emails.send_due()
    assert len(sender.sent) == 1
    assert await emails.retry() == 0


async def test_after_the_last_try_it_is_given_up(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await make_due(kit)
    await kit.database["mails"].update_one({}, {"$set": {"tries": 299}})
    sender.answers.append(MailDeferred())
    await emails.send_due()
    assert await statuses(kit) == ["failed"]


async def test_no_mail_is_in_the_way_of_another(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await make_due(kit, "Refused", "Deferred", "Broken", "Fine")
    sender.answers.extend([MailRefused(), MailDeferred(), RuntimeError(), None])
    await emails.send_due()
    assert len(sender.sent) == 1
    assert await statuses(kit) == ["due", "due", "failed", "sent"]


async def test_an_unknown_kind_is_in_nobodys_way(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    await make_due(kit, "One", "Two")
    await kit.database["mails"].update_one({}, {"$set": {"kind": "of_another_version"}})
    await emails.send_due()
    assert len(sender.sent) == 1


async def test_a_sweep_takes_a_batch_over_few_connections_and_asks_for_the_next(
    kit: Kit, emails: Emails, sender: FakeSender
) -> None:
    await make_due(kit, *(str(number) for number in range(BATCH + 1)))
    told: list[int] = []
    emails.on_due(lambda: told.append(1))
    sender.gate.clear()
    sweep = asyncio.create_task(emails.send_due())
    await until(lambda: len(sender.tried) == CONNECTIONS)
    sender.gate.set()
    await sweep
    assert (len(sender.sent), sender.most, len(told)) == (BATCH, CONNECTIONS, 1)
    await emails.send_due()
    assert (len(sender.sent), len(told)) == (BATCH + 1, 1)


async def test_the_oldest_goes_first(kit: Kit, emails: Emails, sender: FakeSender) -> None:
    for title in "ABC":
        kit.clock.advance(1)
        await make_due(kit, title)
    await emails.send_due()
    assert [letter.subject[-1] for letter in sender.tried] == ["A", "B", "C"]
