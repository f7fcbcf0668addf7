"""Between a service and what it acts on: its process can be stopped before any step, and taken up where it stood.

A process that is under way is nothing but what it was answered so far: given the same answers it stands at the same
place again. So it can be kept, compared, and gone on with in another state of the world.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import bson
from bson.codec_options import CodecOptions

from common.errors import AppError
from common.mongo import DuplicateKey
from payments.gateway import Marks, Refund, Refused, Reply, Terms

from .ledger import READ_ONLY, Call

DATABASE = Call("database", ())
"""What a process stands before that is about to read or write."""
_MISSED = (("duplicate",), ("made", 0, 0))
_AWARE: CodecOptions[Any] = CodecOptions(tz_aware=True, tzinfo=UTC)


class Stop(BaseException):
    """The process goes no further."""


@dataclass
class Run:
    """`log`: what it was answered so far. `limit`: writes that it may make now.

    `answers`: who answers questions to Stripe at once; without it, it stops before any call.
    """

    log: list[Any] = field(default_factory=list)
    limit: int | None = None
    answers: Callable[[Call], Any] | None = None
    meanwhile: tuple[int, Callable[[], Awaitable[Any]]] | None = None
    """What another process does, and before which of the steps that are not replayed, reads included."""
    before: Call | None = None
    """Where it has stopped."""

    def __post_init__(self) -> None:
        self.position = 0
        self.steps = 0
        self.writes = 0
        self.operations = 0


class Gates:
    """What every operation of a service passes."""

    def __init__(self, fresh: Callable[[], None]) -> None:
        """`fresh` is told before the first step that is not a replayed one."""
        self.run: Run | None = None
        self._fresh = fresh

    def _replayed(self, run: Run, what: Call) -> bool:
        """Whether it was answered before; stops where it may do nothing more."""
        if run.before is not None:
            raise Stop
        if run.position < len(run.log):
            return True
        if run.limit is not None and run.steps >= run.limit:
            run.before = what
            raise Stop
        return False

    async def database(self, write: bool, perform: Callable[[], Awaitable[Any]]) -> Any:
        """A read or a write; what it is answered goes into the log."""
        run = self.run
        if run is None:
            return await perform()
        if not self._replayed(run, DATABASE):
            await self._interrupted(run)
            if write and run.writes == 0 and run.meanwhile is None:
                self._fresh()
            answer = await _packed(perform)
            written = write and answer not in _MISSED
            run.steps += written  # one that missed is tried again in the same step
            run.writes += written
            run.log.append(answer)
        run.position += 1
        return _unpacked(run.log[run.position - 1])

    async def _interrupted(self, run: Run) -> None:
        """Lets the other process do all of its work, if this is the moment."""
        place, run.operations = run.operations, run.operations + 1
        if run.meanwhile is not None and run.meanwhile[0] == place:
            self.run = Run(answers=run.answers)
            self._fresh()
            with suppress(AppError):
                await asyncio.create_task(run.meanwhile[1]())  # type: ignore[arg-type]
            self.run = run

    async def stripe(self, call: Call) -> Any:
        """A call to Stripe, whose answer the scheduler chooses."""
        run = self.run
        assert run is not None, "nobody calls Stripe outside of a run"
        if not self._replayed(run, call):
            if run.answers is None or call.step not in READ_ONLY:
                run.before = call
                raise Stop
            run.log.append(("stripe", run.answers(call)))
        run.position += 1
        return run.log[run.position - 1][1]


async def _packed(perform: Callable[[], Awaitable[Any]]) -> tuple[Any, ...]:
    """An answer of the database as a value."""
    try:
        answer = await perform()
    except DuplicateKey:
        return ("duplicate",)
    if isinstance(answer, list):
        return ("list", bson.encode({"all": answer}))
    if isinstance(answer, dict):
        return ("one", bson.encode(answer))
    if getattr(answer, "upserted_id", None) is not None:
        return ("made", 0, 1)
    return ("made", getattr(answer, "matched_count", None), getattr(answer, "modified_count", None))


def _unpacked(packed: tuple[Any, ...]) -> Any:
    match packed:
        case ("duplicate",):
            raise DuplicateKey("E11000 duplicate key error")
        case ("list", bytes(data)):
            return bson.decode(data, _AWARE)["all"]
        case ("one", bytes(data)):
            return bson.decode(data, _AWARE)
        case ("made", None, None):
            return None
    return SimpleNamespace(matched_count=packed[1], modified_count=packed[2])


class GatedCursor:
    """The documents of a query, read when they are first asked for."""

    def __init__(self, gates: Gates, cursor: Any) -> None:
        self._gates = gates
        self._cursor = cursor

    def sort(self, *arguments: Any) -> "GatedCursor":
        return GatedCursor(self._gates, self._cursor.sort(*arguments))

    def limit(self, count: int) -> "GatedCursor":
        return GatedCursor(self._gates, self._cursor.limit(count))

    async def __aiter__(self) -> AsyncIterator[Any]:
        for document in await self._gates.database(False, self._all):
            yield document

    async def _all(self) -> list[Any]:
        return [one async for one in self._cursor]


class GatedCollection:
    """A collection whose operations pass the gates."""

    def __init__(self, gates: Gates, collection: Any) -> None:
        self._gates = gates
        self._collection = collection
        self.name: str = collection.name

    def find(self, *arguments: Any, **options: Any) -> GatedCursor:
        return GatedCursor(self._gates, self._collection.find(*arguments, **options))

    async def find_one(self, *arguments: Any, **options: Any) -> Any:
        return await self._gates.database(False, lambda: self._collection.find_one(*arguments, **options))

    async def insert_one(self, *arguments: Any, **options: Any) -> Any:
        return await self._gates.database(True, lambda: self._collection.insert_one(*arguments, **options))

    async def update_one(self, *arguments: Any, **options: Any) -> Any:
        return await self._gates.database(True, lambda: self._collection.update_one(*arguments, **options))

    async def update_many(self, *arguments: Any, **options: Any) -> Any:
        return await self._gates.database(True, lambda: self._collection.update_many(*arguments, **options))

    async def find_one_and_update(self, *arguments: Any, **options: Any) -> Any:
        return await self._gates.database(True, lambda: self._collection.find_one_and_update(*arguments, **options))

    async def create_indexes(self, *arguments: Any, **options: Any) -> Any:
        return await self._collection.create_indexes(*arguments, **options)


class GatedDatabase:
    """A service's own database behind the gates."""

    def __init__(self, gates: Gates, database: Any) -> None:
        self._gates = gates
        self._database = database
        self._collections: dict[str, GatedCollection] = {}

    def __getitem__(self, name: str) -> GatedCollection:
        return self._collections.setdefault(name, GatedCollection(self._gates, self._database[name]))


class GatedStripe:
    """A `Gateway` that leaves every answer to the scheduler."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    async def create(self, terms: Terms, key: str) -> Reply:
        return await self._ask(Call("create", (terms,), key))

    async def confirm(self, intent_id: str, token: str, key: str) -> Reply:
        return await self._ask(Call("confirm", (intent_id, token), key))

    async def capture(self, intent_id: str, amount_cents: int, key: str) -> Reply:
        return await self._ask(Call("capture", (intent_id, amount_cents), key))

    async def cancel(self, intent_id: str, key: str) -> Reply:
        return await self._ask(Call("cancel", (intent_id,), key))

    async def read(self, intent_id: str) -> Reply:
        return await self._ask(Call("read", (intent_id,)))

    async def find(self, terms: Terms, since: datetime) -> Reply:
        return await self._ask(Call("find", (terms, since)))

    async def _ask(self, call: Call) -> Reply:
        reply: Reply = await self._gates.stripe(call)
        return reply

    async def inspect(self, intent_id: str) -> tuple[Marks | None, Reply]:
        told: tuple[Marks | None, Reply] = await self._gates.stripe(Call("inspect", (intent_id,)))
        return told

    async def refund(
        self, intent_id: str, amount_cents: int | None, key: str, number: int | None = None
    ) -> Refund | Refused:
        made: Refund | Refused = await self._gates.stripe(Call("refund", (intent_id, amount_cents, number), key))
        return made

    async def refunds(self, intent_id: str) -> tuple[Refund, ...]:
        made: tuple[Refund, ...] = await self._gates.stripe(Call("refunds", (intent_id,)))
        return made
