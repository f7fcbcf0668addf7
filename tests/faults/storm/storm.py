"""One storm from its start to its report: people live, things break, all is mended, becomes quiet, and is audited."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

from httpx import AsyncClient, Limits

from infra.local.layout import REPOSITORY
from infra.local.testing import RunningStack, running_stack

from .api import TIMEOUT, Api
from .bank import Bank
from .ending import check_acknowledged, check_all, until_all_have_ended
from .history import History
from .ledger import Ledger
from .nemesis import Nemesis
from .observer import Observer
from .people import gather_people, live
from .plan import Plan
from .report import Report
from .world import Person, World

SETTINGS: Mapping[str, str] = {
    "MONGO_NODES": "3",
    "REPLICAS": "2",
    "EXPIRATION_WINDOW_SECONDS": "20",
    "EXTENSION_SECONDS": "7",
    "OVERDUE_GRACE_SECONDS": "5",
    "SWEEP_INTERVAL_SECONDS": "2",
    "REPEAT_AFTER_SECONDS": "6",
    "REPEAT_LIMIT_SECONDS": "15",
    "GIVE_UP_SECONDS": "15",
    "UNDECIDED_SECONDS": "8",
}
"""The product's times, shrunk, in the same order of length."""
QUIET_WITHIN = 150.0
_LIMITS = Limits(max_connections=300, max_keepalive_connections=100)


@dataclass(slots=True)
class Storm:
    """One run of a plan on a stack that is there already."""

    plan: Plan
    stack: RunningStack
    world: World
    nemesis: Nemesis

    async def run(self) -> Report:
        """The whole of it."""
        people = await gather_people(self.world, self.plan.people)
        observer = Observer(self.world, people, self.nemesis.broken)
        observing = (observer.follow(), observer.read_lists(), observer.feel_the_load())
        watching = [asyncio.create_task(one) for one in observing]
        began = asyncio.get_running_loop().time()
        missed, _ = await asyncio.gather(live(people, self.plan.steps, began), self.nemesis.run(self.plan.blows, began))
        await _end_all(watching)
        report = Report(self.plan, self.world, self.nemesis, observer, missed=missed)
        report.quiet_after, report.audited = await self._end(people)
        report.died = await self.nemesis.died_by_themselves()
        await report.read_streams(self.stack)
        report.explain()
        return report

    async def _end(self, people: list[Person]) -> tuple[float, str]:
        """Mends, waits, audits; the seconds from the mending until all orders had ended, and what was audited."""
        await self.nemesis.mend()
        began = time.monotonic()
        if not await until_all_have_ended(self.world, people, QUIET_WITHIN):
            told = f"orders still wait {QUIET_WITHIN:g} s after everything was mended"
            self.world.history.violated("quiet", told, *_waiting(self.world))
        quiet_after = time.monotonic() - began
        await check_acknowledged(self.world, people)
        return quiet_after, await check_all(self.world, self.stack, QUIET_WITHIN)


async def _end_all(tasks: list[asyncio.Task[None]]) -> None:
    """Cancels them; one that has failed before fails the storm, which was not observed then."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError) and outcome is not None:
            raise outcome


def _waiting(world: World) -> list[str]:
    return [note.id for note in world.ledger.orders.values() if note.status not in {"complete", "cancelled"}][:10]


@asynccontextmanager
async def storm(plan: Plan, folder: Path, settings: Mapping[str, str] | None = None) -> AsyncIterator[Storm]:
    """A stack of its own in `folder`, and all that a storm on it needs; `history.jsonl` is written beside it."""
    async with AsyncExitStack() as opened:
        history = History(folder / "history.jsonl")
        opened.callback(history.close)
        stack = await opened.enter_async_context(running_stack(folder / "stack", {**SETTINGS, **(settings or {})}))
        http = await opened.enter_async_context(
            AsyncClient(base_url=stack.url("gateway"), timeout=TIMEOUT, limits=_LIMITS)
        )
        # Each person shows their own token; what a shared jar keeps would be shown for everybody.
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        stripe = await opened.enter_async_context(AsyncClient(base_url=stack.url("stripe"), timeout=TIMEOUT))
        nemesis = Nemesis(stack, stripe, history)
        api = Api(http, history, nemesis.broken)
        world = World(http, api, Bank(stripe, history), Ledger(), history, _can_extend())
        yield Storm(plan, stack, world, nemesis)


def _can_extend() -> bool:
    contract = json.loads((REPOSITORY / "docs" / "openapi" / "orders.json").read_text())
    return "/api/orders/{id}/extend" in contract["paths"]
