"""Stripe's webhooks: verified, kept as they came, answered at once, and handled later by reading Stripe.

An event is only a hint that an intent has moved: what it says is never saved, what Stripe says when it is read is. So
events may be lost, come twice, late, early or in any order.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter

from common.clock import Clock
from common.mongo import OUTAGES
from common.outbox import Sweeper

from .alarms import raise_alarm
from .errors import BadEvent
from .gateway import Unknown
from .inbox import Inbox, Received
from .intents import Intents
from .refunding import Refunds
from .signature import verify
from .store import PaymentStore
from .strays import Strays

_AT_ONCE = 8
_BATCH = 64
_MOST_BATCHES = 100
_FIRST, _LONGEST = timedelta(seconds=1), timedelta(minutes=5)
GIVEN_UP = timedelta(days=3)
"""After which an event that could never be handled is left; the worker has read its payment many times by then."""
_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_INTENT_ID = re.compile(r"pi_[A-Za-z0-9_]{1,250}")

_log = logging.getLogger(__name__)
_received = Counter("webhooks_received", "Stripe's events that were taken", ["outcome"])


@dataclass(frozen=True, slots=True)
class Hint:
    """The intent that an event is about, if any, and whether it tells of a refund."""

    intent_id: str | None
    refund: bool


class Webhooks(Sweeper):
    """One in each process; an event that two take up at once is handled twice, which changes nothing."""

    def __init__(
        self,
        inbox: Inbox,
        store: PaymentStore,
        intents: Intents,
        refunds: Refunds,
        strays: Strays,
        *,
        clock: Clock,
        secret: str,
        seconds: float,
        settle: Callable[[], None],
    ) -> None:
        """`settle` tells the worker that something may be due."""
        super().__init__("webhooks", self.run, seconds)
        self._inbox = inbox
        self._store = store
        self._intents = intents
        self._refunds = refunds
        self._strays = strays
        self._clock = clock
        self._secret = secret
        self._settle = settle
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def take(self, body: bytes, signature: str | None) -> None:
        """Keeps an event of Stripe's; `BadSignature` or `BadEvent` for anything else."""
        verify(self._secret, signature, body, self._clock())
        event = _parsed(body)
        if event is None or not _EVENT_ID.fullmatch(str(event.get("id"))):
            raise BadEvent
        fresh = await self._inbox.keep(event["id"], body, self._clock())
        _received.labels("kept" if fresh else "known").inc()
        self.kick()

    async def look_again(self, since: datetime) -> None:
        """After a restore: what Stripe has done since then is to be read, as if its events came once more."""
        moment = self._clock()
        async for intent_id, refund in self._strays.touched(since):
            await self._inbox.note(intent_id, moment, refund=refund)

    async def run(self) -> None:
        """Everything that is due now."""
        seen: set[tuple[str, int]] = set()
        for _ in range(_MOST_BATCHES):
            due = await self._inbox.due(self._clock(), _BATCH)
            fresh = [one for one in due if (one.id, one.tries) not in seen]
            if not fresh:
                return
            seen.update((one.id, one.tries) for one in fresh)
            await asyncio.gather(*(self._take_up(one) for one in fresh))
            self._settle()

    async def _take_up(self, event: Received) -> None:
        async with self._places:
            try:
                done = await self._handle(event)
            except OUTAGES:
                raise
            except Exception:  # noqa: BLE001 (one event that cannot be handled must not keep the others waiting)
                _log.exception("a webhook could not be handled and is taken up again", extra={"event": event.id})
                done = False
            if not done and self._clock() >= event.at + GIVEN_UP:
                raise_alarm("webhook", "a webhook could not be handled for days and is left", event=event.id)
                done = True
            if done:
                await self._inbox.handled(event)
            else:
                wait = min(_LONGEST, _FIRST * (1 << min(event.tries, 10)))
                await self._inbox.put_off(event, self._clock() + wait)

    async def _handle(self, event: Received) -> bool:
        """Whether nothing is left to be done."""
        hint = _hint(event.body)
        if hint.intent_id is None:
            return True
        payment = await self._store.with_intent(hint.intent_id)
        if (payment is None or event.ours) and await self._store.awaits_orders():
            return False
        if payment is None:
            met = await self._strays.meet(hint.intent_id, event.at, f"{event.id}-{event.tries}")
            again = await self._store.with_intent(hint.intent_id) if hint.refund else None
            return met and (again is None or (again.taken and await self._refunds.look(again)))
        if payment.attempt.intent_id != hint.intent_id:
            return True  # an earlier attempt's, which Stripe has confirmed cancelled
        payment, reply = await self._intents.hinted(payment)
        if isinstance(reply, Unknown):
            return False
        return await self._refunds.look(payment) if hint.refund else True


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _hint(body: bytes) -> Hint:
    event = _parsed(body) or {}
    data = event.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    if not isinstance(about, dict):
        return Hint(None, refund=False)
    named = about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    intent_id = named if isinstance(named, str) and _INTENT_ID.fullmatch(named) else None
    return Hint(intent_id, "refund" in str(event.get("type")))
