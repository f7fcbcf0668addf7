"""What payments does that others can see, counted: each call to Stripe and each write; any of them can be cut short."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from payments.gateway import Unknown

ON_STRIPE = ("crash before", "crash after", "lost before", "lost after", "fault before", "fault after")
"""The process dies, no answer comes, or a 500: before Stripe has done it, or after."""
ON_WRITING = ("crash before", "crash after")
READ_ONLY = frozenset({"read", "find", "inspect", "refunds"})


class Crash(BaseException):
    """The process is gone."""


def modes(effect: str) -> Sequence[str]:
    """How an effect can fail."""
    if effect == "write":
        return ON_WRITING
    return [mode for mode in ON_STRIPE if not (effect in READ_ONLY and mode.endswith("before") and mode[0] != "c")]


@dataclass
class Effects:
    """`plan`: which effect fails, and how."""

    plan: tuple[int, str] | None = None
    watching: bool = False

    def __post_init__(self) -> None:
        self.seen: list[str] = []
        self.count = 0

    async def around(self, effect: str, perform: Callable[[bool], Awaitable[Any]]) -> Any:
        """Does it, or what is planned instead. `perform` is told whether it ends in a fault of Stripe's."""
        self.count += 1
        if not self.watching:
            return await perform(False)
        place = len(self.seen)
        self.seen.append(effect)
        mode = self.plan[1] if self.plan is not None and self.plan[0] == place else ""
        mode = mode if mode in modes(effect) else ""
        if mode == "crash before":
            raise Crash
        if mode == "lost before":
            return Unknown()
        if mode == "fault before":
            return Unknown(answered=True)
        result = await perform(mode == "fault after")
        if mode == "crash after":
            raise Crash
        return Unknown() if mode == "lost after" else result


class WatchedCollection:
    """A collection of payments' own, whose writes are counted."""

    def __init__(self, collection: Any, effects: Effects) -> None:
        self._collection = collection
        self._effects = effects

    async def insert_one(self, *arguments: Any, **options: Any) -> Any:
        return await self._effects.around("write", lambda _: self._collection.insert_one(*arguments, **options))

    async def update_one(self, *arguments: Any, **options: Any) -> Any:
        return await self._effects.around("write", lambda _: self._collection.update_one(*arguments, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)


class WatchedDatabase:
    """The database of payments."""

    def __init__(self, database: Any, effects: Effects) -> None:
        self._database = database
        self._effects = effects

    def __getitem__(self, name: str) -> Any:
        return WatchedCollection(self._database[name], self._effects)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
