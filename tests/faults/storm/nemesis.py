"""Breaks what the plan says when it says so, and knows what was broken when."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from httpx import AsyncClient, HTTPError

from common.clock import now, rfc3339
from infra.local.errors import StackError
from infra.local.part import belongs
from infra.local.testing import RunningStack

from .deck import PRIMARY
from .history import History
from .plan import Blow

SETTLE = timedelta(seconds=6)
"""After a part is ready again: what waited for it has given up, or has been answered, by then."""
_BACK_WITHIN = 60.0
_LOOK_EVERY = 0.25
_FAULTS = "/stand-in/stripe/faults"
Parts = list[dict[str, Any]]


@dataclass(slots=True)
class Breakage:
    """Something that was broken, and until when: to the moment when it was ready again."""

    kind: str
    part: str
    began: datetime
    ended: datetime | None = None
    skipped: str = ""
    detail: str = ""

    def line(self) -> str:
        """For people."""
        end = rfc3339(self.ended) if self.ended else "still"
        return f"{rfc3339(self.began)} to {end}  {self.kind} {self.part} {self.detail}{self.skipped}".rstrip()


def family(part: str) -> str:
    """Parts of one family are broken one after another: `orders-1` and `orders-2`, the nodes of MongoDB."""
    if part == PRIMARY:
        return "mongo"
    stem, _, number = part.rpartition("-")
    return stem if number.isdigit() else part


class Nemesis:
    """`breakages` grows while it runs; `kills`: processes that it ended by `kill -9`, by part."""

    def __init__(self, stack: RunningStack, stripe: AsyncClient, history: History) -> None:
        self.breakages: list[Breakage] = []
        self.kills: Counter[str] = Counter()
        self._crashes: Counter[str] = Counter()
        self._stack = stack
        self._stripe = stripe
        self._history = history
        self._turns: dict[str, asyncio.Lock] = {}

    def broken(self, began: datetime, ended: datetime) -> bool:
        """Whether anything was broken between these moments, or had been just before."""
        return any(
            one.began <= ended and (one.ended is None or one.ended + SETTLE >= began)
            for one in self.breakages
            if not one.skipped
        )

    async def run(self, blows: Sequence[Blow], began: float) -> None:
        """All of the blows, from `began` on the loop's clock; returns when each has been mended."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for blow in blows:
                await asyncio.sleep(max(0.0, began + blow.at - loop.time()))
                group.create_task(self._strike(blow))

    async def mend(self) -> None:
        """Everything runs and nothing goes wrong any more; whatever a blow left behind is put right."""
        for part in await self._stack.status():
            if part["state"] == "paused":
                await self._stack.resume(part["name"])
            elif part["state"] == "stopped":
                await self._stack.start(part["name"])
        await self._until(lambda parts: all(part["state"] == "ready" for part in parts), "everything")
        (await self._stripe.delete(_FAULTS)).raise_for_status()

    async def died_by_themselves(self) -> dict[str, int]:
        """Parts that ended more often than they were ended."""
        deaths = {part["name"]: part["restarts"] - self._crashes[part["name"]] for part in await self._stack.status()}
        return {name: count for name, count in deaths.items() if count > 0}

    async def _strike(self, blow: Blow) -> None:
        async with self._turns.setdefault(family(blow.part), asyncio.Lock()):
            breakage = Breakage(blow.kind, blow.part, now())
            self.breakages.append(breakage)
            try:
                await self._break(blow, breakage)
            except (StackError, FileNotFoundError, ProcessLookupError, HTTPError) as error:
                breakage.skipped = f"(left out: {error!r})"
            breakage.ended = now() + _lasting(blow)

    async def _break(self, blow: Blow, breakage: Breakage) -> None:
        name = await self._stack.primary() if blow.part == PRIMARY else blow.part
        breakage.detail = name if name != blow.part else ""
        match blow.kind:
            case "kill":
                await self._kill(name)
            case "pause":
                await self._stack.pause(name)
                await asyncio.sleep(blow.seconds)
                await self._stack.resume(name)
            case "restart":
                await self._stack.stop(name)
                await self._stack.start(name)
            case "away":
                await self._away(name, blow.seconds)
            case "wipe":
                await self._stack.wipe(name)
                self.kills[name] += 1
            case _:
                await self._misbehave(blow, breakage)

    async def _kill(self, name: str) -> None:
        before = {part["name"]: part["restarts"] for part in await self._stack.status() if belongs(part["name"], name)}
        for one in before:
            self._stack.kill(one)
            self._crashes[one] += 1
            self.kills[one] += 1

        def is_back(parts: Parts) -> bool:
            return all(
                part["state"] == "ready" and part["restarts"] > before[part["name"]]
                for part in parts
                if part["name"] in before
            )

        await self._until(is_back, name)

    async def _away(self, name: str, seconds: float) -> None:
        await self._stack.stop(name, kill=True)
        self.kills.update(part["name"] for part in await self._stack.status() if belongs(part["name"], name))
        await asyncio.sleep(seconds)
        await self._stack.start(name)

    async def _misbehave(self, blow: Blow, breakage: Breakage) -> None:
        breakage.detail = " ".join(f"{value}" for value in blow.order.values())
        (await self._stripe.post(_FAULTS, json=dict(blow.order))).raise_for_status()
        await asyncio.sleep(blow.seconds)
        (await self._stripe.delete(_FAULTS)).raise_for_status()

    async def _until(self, good: Callable[[Parts], bool], name: str) -> None:
        limit = time.monotonic() + _BACK_WITHIN
        while not good(await self._stack.status()):
            if time.monotonic() > limit:
                self._history.violated("recovery", f"{name} did not come back within {_BACK_WITHIN:.0f} s")
                return
            await asyncio.sleep(_LOOK_EVERY)


def _lasting(blow: Blow) -> timedelta:
    """An order that has been taken goes on for so long."""
    seconds = blow.order.get("seconds", 0.0)
    return timedelta(seconds=seconds if isinstance(seconds, float) else 0.0)
