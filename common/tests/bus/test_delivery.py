"""From what a listener does with a message to what the bus has to do with it."""

from datetime import timedelta
from typing import Any

import pytest

from common.bus import Listener, NotYet
from common.bus.delivery import Ack, Again, Dead, Delivery, Pause, Verdict, backoff
from common.errors import NotFound, Unavailable
from common.events import USER_CREATED

from .worlds import DatabaseDownError, Heard, Tally, make_user, raising


async def deliver(handler: Any, tally: Tally | None = None, *, tries: int = 3, **message: Any) -> Verdict:
    delivery = Delivery(Listener("emails", {USER_CREATED: handler}, tally or Tally()), tries)
    sent = make_user(7, **message)
    return await delivery.handle("USERS", 7, sent.subject, sent.payload)


async def test_what_is_handled_is_acknowledged() -> None:
    heard = Heard()
    assert await deliver(heard) == Ack()
    assert heard == ["user-7"]


async def test_what_nobody_listens_to_is_acknowledged_unread() -> None:
    heard = Heard()
    assert await deliver(heard, subject="user.vanished.v1", payload=b"?") == Ack()
    assert heard == []


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b'{"data": {}}', b"[" * 2000])
async def test_what_is_no_such_event_is_dead_at_once(payload: bytes) -> None:
    heard, tally = Heard(), Tally()
    verdict = await deliver(heard, tally, payload=payload)
    assert isinstance(verdict, Dead)
    assert verdict.attempts == 1
    assert verdict.reason.startswith("not a user.created.v1: ")
    assert heard == []
    assert tally.counts == {}


async def test_the_reason_of_a_dead_letter_tells_nothing_of_its_contents() -> None:
    secret = make_user().payload.replace(b'"version":0', b'"version":"hunter2"')
    verdict = await deliver(Heard(), payload=secret)
    assert isinstance(verdict, Dead)
    assert "hunter2" not in verdict.reason


async def test_too_early_comes_again_when_due_and_is_no_failure() -> None:
    tally = Tally()
    assert await deliver(raising(NotYet(timedelta(minutes=9))), tally) == Again(timedelta(minutes=9), early=True)
    assert tally.counts == {}


@pytest.mark.parametrize("outage", [DatabaseDownError(), Unavailable()])
async def test_an_outage_pauses_and_is_no_failure(outage: Exception) -> None:
    tally = Tally()
    assert isinstance(await deliver(raising(outage), tally), Pause)
    assert tally.counts == {}


@pytest.mark.parametrize("error", [DatabaseDownError(), TypeError("a bug in the counting")])
async def test_a_failure_that_cannot_be_counted_pauses(error: Exception) -> None:
    class Uncountable(Tally):
        async def count(self, *_: object) -> int:
            raise error

    assert isinstance(await deliver(raising(RuntimeError()), Uncountable()), Pause)


@pytest.mark.parametrize("error", [RuntimeError("no"), NotFound(), KeyError("x")])
async def test_any_failure_counts_and_the_last_one_is_dead(error: Exception) -> None:
    tally = Tally()
    verdicts = [await deliver(raising(error), tally) for _ in range(3)]
    assert verdicts[:2] == [Again(timedelta(seconds=1)), Again(timedelta(seconds=2))]
    assert verdicts[2] == Dead(f"{type(error).__name__}: {error}", 3)
    assert tally.counts == {("USERS", 7): 3}


def test_delays_double_up_to_a_minute() -> None:
    assert [backoff(failures).total_seconds() for failures in (1, 2, 3, 6, 7, 8, 5000)] == [1, 2, 4, 32, 60, 60, 60]
