"""The same mails whatever the order of delivery, however often each event comes, and whatever was never heard."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.events import ORDER_UPDATED, USER_CREATED, EventData, UserState
from common.mongo import DuplicateKey, new_id
from common.testing import Kit
from common.testing.histories import gapped, quick, shuffled
from emails.app import create_service
from emails.listeners import SUBSCRIPTIONS
from emails.service import Emails
from emails.settings import Settings
from emails.store import MailStore

from .factories import EMAIL, FakeSender, make_order, make_user

OLD, NEW = make_user(email="old@example.com"), make_user(version=2)
CREATED = make_order(version=0, status="created")
PAID = CREATED.model_copy(update={"version": 4, "status": "complete"})
REFUNDED = PAID.model_copy(update={"version": 6, "refunded": True})
EXPIRED = CREATED.model_copy(update={"version": 1, "status": "cancelled", "reason": "expired"})
BOUGHT, LOST = [CREATED, PAID, REFUNDED], [CREATED, EXPIRED]
SUBJECTS = {"bought": ["It is yours: Hozier", "Refunded: Hozier"], "lost": ["Not charged: Hozier"]}


async def outcome(settings: Settings, events: Sequence[EventData], *, eager: bool = False) -> list[tuple[str, str]]:
    """The letters that were sent; `eager`: whatever is due is sent after each event."""
    kit, sender = Kit("emails"), FakeSender()
    emails: Emails = create_service(settings, kit.parts, sender)
    kit.parts.listen(SUBSCRIPTIONS, emails)
    async with kit.parts:
        for event in events:
            await kit.hear(USER_CREATED if isinstance(event, UserState) else ORDER_UPDATED, event)
            if eager:
                await emails.send_due()
        await emails.send_due()
    assert kit.bus.dead_letters == []
    return sorted((letter.subject, letter.to) for letter in sender.sent)


def expected(*ends: str) -> list[tuple[str, str]]:
    return sorted((subject, EMAIL) for end in ends for subject in SUBJECTS[end])


@quick
@given(shuffled([OLD, NEW, *BOUGHT]))
async def test_a_purchase_and_its_refund(settings: Settings, events: list[EventData]) -> None:
    assert await outcome(settings, events) == expected("bought")


@quick
@given(gapped([OLD, NEW]), gapped(BOUGHT), st.booleans())
async def test_the_last_word_makes_every_mail_due(
    settings: Settings, users: list[EventData], orders: list[EventData], first: bool
) -> None:
    events = [*users, *orders] if first else [*orders, *users]
    assert await outcome(settings, events) == expected("bought")


@quick
@given(shuffled([NEW, *LOST, make_order(id=new_id())]))
async def test_what_is_sent_meanwhile_is_sent_once(settings: Settings, events: list[EventData]) -> None:
    sent = await outcome(settings, events, eager=True)
    assert sent == sorted([*expected("lost"), ("It is yours: Hozier", EMAIL)])


async def test_two_processes_hear_the_first_of_somebody_at_once(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mongo refuses the insert of whoever comes second, though what was put in first is older."""
    store, collection = MailStore(kit.database), type(kit.database["addresses"])

    async def overtaken(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        await MailStore(kit.database).learn(OLD)
        raise DuplicateKey("E11000")

    monkeypatch.setattr(collection, "update_one", overtaken)
    await store.learn(NEW)
    assert await store.address(NEW.id) == EMAIL
