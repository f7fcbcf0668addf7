"""The people of the fault tests, in front of a cluster: everything that people do, while pods are killed.

What they are promised is written down, and every answer is held against it. An outage is excused only while something
is broken, or was just before.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from common.clock import now
from tests.faults.storm.api import Api
from tests.faults.storm.bank import Bank
from tests.faults.storm.ending import check_acknowledged, until_all_have_ended
from tests.faults.storm.history import History
from tests.faults.storm.ledger import ENDED, Ledger
from tests.faults.storm.nemesis import SETTLE, Breakage
from tests.faults.storm.observer import Observer
from tests.faults.storm.people import live
from tests.faults.storm.plan import Step, make_plan
from tests.faults.storm.world import Person, World

from .door import door, sign_up
from .findings import Findings, duration
from .options import Options

PEOPLE = 14
ROUND_SECONDS = 20.0
ENDED_WITHIN = 240.0
_CARDS = {"slow": "good", "processing": "good"}
"""For those the bank would have to be told beforehand, which nobody can from outside."""
_END = Step(0.0, -1, "let go", 0.0)


@dataclass(slots=True)
class Breakages:
    """What was broken, and when."""

    all: list[Breakage] = field(default_factory=list)

    def broken(self, began: datetime, ended: datetime) -> bool:
        """Whether anything was broken between these moments, or had been just before."""
        return any(one.began <= ended and (one.ended is None or one.ended + SETTLE >= began) for one in self.all)

    @asynccontextmanager
    async def breaking(self, kind: str, part: str) -> AsyncIterator[Breakage]:
        """From now until the block is left."""
        breakage = Breakage(kind, part, now())
        self.all.append(breakage)
        yield breakage
        breakage.ended = now()


@dataclass(slots=True)
class Crowd:
    """People with their lives, and what was promised to them."""

    seed: int
    world: World
    people: Sequence[Person]
    observer: Observer
    left_out: int = 0

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Until the block is left; then everybody finishes the round that they are in."""
        ending = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(one) for one in (self.observer.follow(), self.observer.read_lists())]
            lives = group.create_task(self._live(ending))
            yield
            ending.set()
            await lives
            for one in watching:
                one.cancel()

    async def _live(self, ending: asyncio.Event) -> None:
        """Round after round, each from the seed."""
        number = 0
        while not ending.is_set():
            plan = make_plan(self.seed * 1000 + number, ROUND_SECONDS, people=len(self.people))
            steps = [replace(step, card=_CARDS.get(step.card, step.card)) for step in plan.steps]
            self.left_out += await live(self.people, steps, asyncio.get_running_loop().time())
            number += 1

    async def let_go(self) -> None:
        """Who still holds a ticket gives it back: nobody waits a quarter of an hour for the time to run out."""
        by_number = {person.number: person for person in self.people}
        for note in list(self.world.ledger.orders.values()):
            if note.status not in ENDED:
                path = f"/api/orders/{note.id}"
                about = (note.id, note.ticket)
                await by_number[note.owner].ask(_END, "DELETE", path, about=about, expected=(204, 400))

    async def reckon(self, findings: Findings) -> None:
        """Waits for the end of every order, and compares what was promised with what is there."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.let_go()
        ended = await until_all_have_ended(self.world, self.people, ENDED_WITHIN)
        findings.checked("every order has ended", ended, f"{duration(loop.time() - began)} after the last of it")
        await check_acknowledged(self.world, self.people)
        records, orders = self.world.history.records, list(self.world.ledger.orders.values())
        complete = sum(note.status == "complete" for note in orders)
        findings.measured(f"requests by {len(self.people)} people", f"{len(records)}, {self.left_out} steps left out")
        findings.measured("orders", f"{len(orders)}, {complete} of them complete")
        findings.measured("requests without a clear answer", sum(not 0 < one.status < 500 for one in records))
        wrong = [f"{one.rule}: {one.told} ({', '.join(one.about)})" for one in self.world.history.violations]
        findings.none_of("what may never be seen from outside (answers, I1, I3, I7, I8, what was acknowledged)", wrong)


@asynccontextmanager
async def crowd(options: Options, breakages: Breakages, path: Path) -> AsyncIterator[Crowd]:
    """People who have signed up; `path` takes the history of all that they do."""
    history = History(path)
    try:
        async with door(options, forgetful=True) as http:
            world = World(http, Api(http, history, breakages.broken), Bank(http, history), Ledger(), history, True)
            known = await sign_up(http, PEOPLE)
            people = [Person(number, email, token, world) for number, (_, email, token) in enumerate(known)]
            yield Crowd(options.seed, world, people, Observer(world, people, breakages.broken))
    finally:
        history.close()
