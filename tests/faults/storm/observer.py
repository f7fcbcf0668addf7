"""Who only looks: at orders until they end (I3, and how late they expire), at the lists while all is calm (I8)."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from common.clock import now

from .buying import look
from .ledger import ENDED, OrderNote
from .plan import Step
from .world import Person, World

I8_SECONDS = 2.0
_LOOK_EVERY = 1.0
_LIST_EVERY = 0.7
_FEEL_EVERY = 0.1
_AT_ONCE = 8
_WATCH = Step(0.0, -1, "watch", 0.0)
_LINK = re.compile(r'href="/tickets/([0-9a-f]{24})"')
_PAID_FOR = timedelta(seconds=30)


class Observer:
    """What it sees goes into the ledger, or is a violation."""

    def __init__(self, world: World, people: list[Person], broken: Callable[[datetime, datetime], bool]) -> None:
        self.lists_read = 0
        self.longest_stall = 0.0
        self._world = world
        self._people: Mapping[int, Person] = {person.number: person for person in people}
        self._broken = broken
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def follow(self) -> None:
        """Reads what should end about now, until cancelled."""
        while True:
            await asyncio.gather(*(self.watch(note) for note in self.due()))
            await asyncio.sleep(_LOOK_EVERY)

    def due(self) -> list[OrderNote]:
        """Orders past their deadline, and those that are paid, if they are not known to have ended."""
        moment = now()
        return [
            note
            for note in self._world.ledger.orders.values()
            if note.status not in ENDED
            and (note.expires_at < moment or (note.paid_at is not None and moment - note.paid_at < _PAID_FOR))
        ]

    async def watch(self, note: OrderNote) -> None:
        """Reads one order."""
        async with self._turn:
            await look(self._people[note.owner], _WATCH, note)

    async def feel_the_load(self) -> None:
        """How far behind this very process is at its worst: then answers that come late may be its own fault."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _FEEL_EVERY
            await asyncio.sleep(_FEEL_EVERY)
            self.longest_stall = max(self.longest_stall, loop.time() - due)

    async def read_lists(self) -> None:
        """What is offered, as programs and as people see it, until cancelled."""
        while True:
            if not self._broken(now(), now()):
                await self._compare("GET /api/tickets", await self._listed())
                await self._compare("the front page", await self._shown())
            await asyncio.sleep(_LIST_EVERY)

    async def _compare(self, where: str, offered: set[str] | None) -> None:
        """I8: what was taken more than 2 s before it was read may not be offered."""
        for identity in offered or ():
            if await self._is_taken(identity):
                holder = self._world.ledger.tickets[identity].holder
                told = f"{where} offers a ticket for longer than {I8_SECONDS:g} s that cannot be bought"
                self._world.history.violated("I8", told, identity, *([holder] if holder else []))

    async def _is_taken(self, identity: str) -> bool:
        """Whether it cannot be bought, as its holder sees it too."""
        ledger = self._world.ledger
        note = ledger.tickets[identity]
        if note.gone:
            return True
        order = ledger.orders.get(note.holder or "")
        if order is None:
            return False
        found = await look(self._people[order.owner], _WATCH, order)
        return found is not None and found["status"] != "cancelled" and note.holder == order.id

    async def _listed(self) -> set[str] | None:
        began, taken = now(), self._taken()
        reply = await self._people[0].ask(
            _WATCH, "GET", "/api/tickets", expected=(200,), params={"limit": "100", "sort": "newest"}
        )
        return self._offered({one["id"] for one in reply.body}, taken, began) if reply.ok else None

    async def _shown(self) -> set[str] | None:
        began, taken = now(), self._taken()
        reply = await self._people[0].ask(_WATCH, "GET", "/", expected=(200,))
        return self._offered(set(_LINK.findall(reply.body)), taken, began) if reply.ok else None

    def _taken(self) -> set[str]:
        ledger = self._world.ledger
        return {identity for identity in ledger.tickets if ledger.is_held(identity, I8_SECONDS)}

    def _offered(self, ids: set[str], taken: set[str], began: datetime) -> set[str]:
        self.lists_read += 1
        return set() if self._broken(began, now()) else ids & taken
