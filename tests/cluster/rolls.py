"""Restarting, scaling and exchanging what runs, one step after the other, and what the requests meanwhile came to."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from . import images
from . import pods as read
from .cluster import Cluster, path_of
from .findings import Findings, duration
from .images import Images
from .kubectl import Json
from .trade import Trade

ROLLED_WITHIN = 600.0
_CALM_AFTER, _CALM_WITHIN = 6.0, 90.0
"""A request that meets no database is answered after five seconds."""
_LOOK_EVERY = 0.5
HEADS = ("step", "time", "requests", "failed", "the first that failed")
_HONEST = ": 503 "


@dataclass(frozen=True, slots=True)
class Rolled:
    """One step of it."""

    what: str
    seconds: float
    requests: int
    failed: Sequence[str]

    def cells(self) -> tuple[str, str, str, str, str]:
        """For a table."""
        first = self.failed[0] if self.failed else ""
        return self.what, duration(self.seconds), str(self.requests), str(len(self.failed)), first[:200]


@dataclass(slots=True)
class Rolls:
    """What has been done so far."""

    cluster: Cluster
    trade: Trade
    done: list[Rolled] = field(default_factory=list)

    async def restart(self, workload: Json) -> None:
        """As `kubectl rollout restart` does it."""
        path = path_of(workload)

        async def act() -> None:
            await self.cluster.kube("rollout", "restart", path)
            await self.cluster.settled(path, ROLLED_WITHIN)
            if is_lone(workload):
                await self._calm()

        await self._measured(f"restart {path}", act)

    async def scale(self, workload: Json, most: int) -> None:
        """To so many and back."""
        path, usual = path_of(workload), workload["spec"].get("replicas", 1)

        async def to(count: int) -> None:
            await self.cluster.kube("scale", path, f"--replicas={count}")
            await self.cluster.settled(path, ROLLED_WITHIN)

        for now, then in ((usual, most), (most, usual)):
            await self._measured(f"scale {path} {now} -> {then}", lambda count=then: to(count))  # type: ignore[misc]

    async def exchange(self, workloads: Sequence[Json], tag: str) -> None:
        """All to the images of another tag at once, and back to their own."""
        own = {path_of(one): images.of(one) for one in workloads}
        other = {path: images.under(found, tag) for path, found in own.items()}
        await self._measured(f"all to the images tagged {tag}", lambda: self._set(other))
        await self._measured("and from there to their own: an upgrade", lambda: self._set(own))

    async def _set(self, wanted: Mapping[str, Images]) -> None:
        for path, found in wanted.items():
            await images.set_to(self.cluster, path, found)
        for path in wanted:
            await self.cluster.settled(path, ROLLED_WITHIN)

    async def _calm(self) -> None:
        """Until its service has found it again: what fails later is another step's."""
        until, calm_since, failed = time.monotonic() + _CALM_WITHIN, time.monotonic(), len(self.trade.failed)
        while time.monotonic() < min(until, calm_since + _CALM_AFTER):
            await asyncio.sleep(_LOOK_EVERY)
            if len(self.trade.failed) > failed:
                calm_since, failed = time.monotonic(), len(self.trade.failed)

    async def _measured(self, what: str, act: Callable[[], Awaitable[None]]) -> None:
        began, total, failed = time.monotonic(), self.trade.total, len(self.trade.failed)
        await act()
        count, wrong = self.trade.since(total, failed)
        self.done.append(Rolled(what, time.monotonic() - began, count, wrong))
        self.cluster.say(f"    {' | '.join(self.done[-1].cells())}")


def judge(findings: Findings, what: str, done: Sequence[Rolled]) -> None:
    """No request failed in any of these steps, of which there were some with requests."""
    requests = sum(one.requests for one in done)
    took = sum(one.seconds for one in done)
    failed = [told for one in done for told in one.failed]
    findings.none_of(f"failed requests: {what}", failed, f"none of {requests}, in {len(done)} steps of {took:.0f} s")
    findings.checked(f"there were requests in every step: {what}", done and all(one.requests for one in done))


def judge_lone(findings: Findings, done: Sequence[Rolled]) -> None:
    """A database without fellows is away while it restarts: then people are told so, by an honest 503."""
    failed = [told for one in done for told in one.failed]
    dishonest = [told for told in failed if _HONEST not in told]
    asked = sum(one.requests for one in done)
    findings.none_of(
        "a database of one member restarts: answers other than the right one or an honest 503",
        dishonest,
        f"none of {asked}; {len(failed)} were 503",
    )


def is_lone(workload: Json) -> bool:
    """Whether nobody stands in for it meanwhile."""
    return read.component(workload) == "database" and workload["spec"].get("replicas", 1) == 1
