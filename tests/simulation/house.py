"""Databases that can be put into any state, and two processes of each service on them, one at work at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, timedelta
from types import TracebackType
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import bson

from common.bus.delivery import Ack, Again
from common.errors import AppError
from common.mongo import OUTAGES
from common.testing import FakeClock
from common.testing.database import fake_database
from expiration.schedule import MemoryTimer

from .gates import GatedDatabase, Gates, Run, Stop
from .ledger import Call
from .moments import START, message, seen_from
from .shop import Said, Shop, next_id

COLLECTIONS = {
    "tickets": ("tickets", "failures"),
    "orders": ("orders", "tickets", "failures"),
    "payments": ("payments", "orders", "webhooks", "failures"),
    "expiration": ("deadlines", "failures"),
}
_NOW = START.replace(tzinfo=UTC)


class Done(NamedTuple):
    """What came of a run. `before`: where it was stopped, None at its end. `taken`: whether a message was."""

    state: bytes
    said: tuple[Said, ...]
    before: Call | None
    log: tuple[Any, ...]
    writes: int
    operations: int
    taken: bool


class ListenerFailed(Exception):
    """A listener raised: in the end it would be a dead letter."""


class House:
    """A context manager. `act` puts one service into a state and lets a process of it do one thing."""

    def __init__(self) -> None:
        self.clock = FakeClock(_NOW)
        self.gates = Gates(self._forget_kicks)
        self.runs = 0
        self.timer = MemoryTimer()
        self._acting = ""
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)
        self._stack = ExitStack()
        fakes: dict[str, Any] = {name: fake_database(name) for name in COLLECTIONS}
        gated = {name: GatedDatabase(self.gates, fake) for name, fake in fakes.items()}
        self._stores = {
            name: {one: fakes[name].delegate[one]._store for one in those} for name, those in COLLECTIONS.items()
        }
        self.shop, self.other = (Shop(self.gates, gated, self.timer, self.clock) for _ in range(2))

    def __enter__(self) -> Self:
        for name in ("tickets", "orders", "payments"):
            self._stack.enter_context(patch(f"{name}.service.new_id", next_id))
        self._stack.enter_context(patch.dict("os.environ", {"ENVIRONMENT": "local"}))
        for parts in self.shop.parts.values():
            self._loop.run_until_complete(parts.prepare())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._loop.close()

    def act(
        self,
        name: str,
        state: bytes,
        what: Callable[[], Awaitable[Any]],
        *,
        moment: timedelta = timedelta(),
        run: Run | None = None,
        crash: bool = False,
    ) -> Done:
        """`crash`: what it had not published by its end stays in its outboxes."""
        self.runs += 1
        self._acting = name
        self.clock._moment = _NOW + moment
        self._restore(name, state)
        run = run or Run()
        self.gates.run = run
        taken = self._loop.run_until_complete(self._run(run, what))
        self.gates.run = None
        said = self._said(name, crash=crash)
        changed = bool(run.writes or said or run.meanwhile or name == "expiration")
        after = self._snapshot(name) if changed else state
        return Done(after, said, run.before, tuple(run.log), run.writes, run.operations, taken)

    async def _run(self, run: Run, what: Callable[[], Awaitable[Any]]) -> bool:
        verdict = None
        try:
            verdict = await what()
        except (Stop, AppError):
            pass
        except OUTAGES:  # so those hear of it who share a read that was stopped
            assert run.before is not None
        finally:
            left = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if run.before is None and not isinstance(verdict, Ack | Again | None):
            raise ListenerFailed(verdict)
        return not isinstance(verdict, Again)

    def _forget_kicks(self) -> None:
        """What was kicked by replayed steps was published before."""
        for shop in (self.shop, self.other):
            shop.forget_kicks(self._acting)

    def _said(self, name: str, *, crash: bool) -> tuple[Said, ...]:
        taken = []
        for shop in (self.shop, self.other):
            if not crash:
                self._loop.run_until_complete(shop.publish(name))
            shop.forget_kicks(name)
            taken += shop.bus.taken
            shop.bus.taken.clear()
        return tuple((one.subject, message(one.payload)) for one in taken)

    def _restore(self, name: str, state: bytes) -> None:
        documents = bson.decode(state) if state else {}
        for collection, store in self._stores[name].items():
            store._documents = OrderedDict((one["_id"], one) for one in documents.get(collection, ()))
        if name == "expiration":
            self.timer.jobs = {one["_id"]: (one["order"], one["at"]) for one in documents.get("jobs", ())}

    def _snapshot(self, name: str) -> bytes:
        moment = self.clock().replace(tzinfo=None)
        state: dict[str, Any] = {}
        for collection, store in self._stores[name].items():
            documents = [seen_from(moment, f"{name}.{collection}", one) for one in store._documents.values()]
            if collection == "webhooks":
                documents = [one for one in documents if one["due_at"] is not None]
            if documents:
                state[collection] = sorted(documents, key=lambda one: str(one["_id"]))
        if name == "expiration" and self.timer.jobs:
            jobs = sorted(self.timer.jobs.items())
            state["jobs"] = [{"_id": job, "order": order, "at": at} for job, (order, at) in jobs]
        return bson.encode(state) if state else b""
