"""The cluster that the kubeconfig points at, with the shop on it: what every step needs of both."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from infra.local.layout import REPOSITORY

from . import pods as read
from .findings import Findings, duration
from .kubectl import Json, Kubectl, Said, run
from .options import LOCAL, Options

LOOK_EVERY = 1.0
READY_WITHIN = 300.0
_COMMAND_WITHIN = 1200.0
_AUDIT_WITHIN = 900.0
QUIET_WITHIN = 240
"""Seconds that an audit waits for all to be quiet: an unanswered word is said again after a minute, then two."""
WORKLOADS = "deployments.apps,statefulsets.apps"


class NotReady(Exception):
    """Something did not become as it should within its time."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`say` tells whoever waits what is going on."""

    options: Options
    kube: Kubectl
    say: Callable[[str], None]

    # ---- looking
    async def pods(self, *words: str) -> list[Json]:
        """Those that run or are about to, not those that have done their work."""
        return [pod for pod in await self.kube.list("pods", *words) if not read.is_over(pod)]

    async def running(self) -> list[Json]:
        """Those of the shop itself: no job's."""
        return [pod for pod in await self.pods() if not read.is_a_jobs(pod) and read.component(pod) != "job"]

    async def workloads(self) -> list[Json]:
        """Every Deployment and StatefulSet, the databases first."""
        found = await self.kube.list(WORKLOADS)
        return sorted(found, key=lambda one: (one["kind"] != "StatefulSet", read.name(one)))

    async def require_shop(self) -> None:
        """`NotReady` where there is none to try anything with."""
        if not await self.workloads():
            raise NotReady(f"there is no shop in {self.kube.namespace}: `make k8s`, or the step `fresh`, brings it up")
        await self.all_settled(READY_WITHIN)

    # ---- waiting
    async def until(self, look: Callable[[], Awaitable[str]], within: float, every: float = LOOK_EVERY) -> float:
        """Seconds until `look` has nothing to complain of; `NotReady` with its last complaint."""
        began = time.monotonic()
        while complaint := await look():
            if time.monotonic() - began > within:
                raise NotReady(f"not within {within:.0f} s: {complaint}")
            await asyncio.sleep(every)
        return time.monotonic() - began

    async def settled(self, workload: str, within: float = READY_WITHIN) -> float:
        """Seconds until all pods of it (`deployment/orders`) are ready and none is left of those before."""

        async def look() -> str:
            found = await self.kube.json("get", workload)
            mine = read.selected(await self.pods(), found)
            return "" if read.is_settled(found, mine) else f"{workload} is not ready: {_states(mine)}"

        return await self.until(look, within)

    async def all_settled(self, within: float = READY_WITHIN) -> float:
        """The same for everything."""

        async def look() -> str:
            pods = await self.pods()
            return "; ".join(
                f"{read.name(one)}: {_states(mine)}"
                for one in await self.workloads()
                if not read.is_settled(one, mine := read.selected(pods, one))
            )

        return await self.until(look, within)

    # ---- doing
    async def ours(self, *words: str, within: float = _COMMAND_WITHIN, env: Mapping[str, str] | None = None) -> Said:
        """One of the operator's commands, as a person gives it."""
        return await run([sys.executable, "-m", "infra.cluster", *words], within=within, folder=REPOSITORY, env=env)

    async def audit(self, findings: Findings, when: str = "") -> None:
        """Nothing is lost and nothing sold twice."""
        began = time.monotonic()
        said = await self.ours("audit", "--quiet-within", str(QUIET_WITHIN), within=_AUDIT_WITHIN + QUIET_WITHIN)
        took = duration(time.monotonic() - began)
        told = (
            f"exit {said.code} after {took}: {_last_line(said.out)}" if not said.code else f"{said.code}: {said.told}"
        )
        findings.checked(f"the audit{when and f' {when}'} finds nothing", said.code == 0, told)
        quiet = "Quiet: everything was judged" in said.out
        findings.checked("and all was quiet, so that everything was judged", quiet, "yes" if quiet else _unquiet(said))
        letters = [line.strip() for line in said.out.splitlines() if "dead letters nobody has sent again" in line]
        findings.none_of("messages that were given up", letters)

    async def smoke(self, findings: Findings, what: str = "a purchase through the ingress") -> bool:
        """`python -m infra.ops.smoke`, which is what people call too."""
        way = ("--connect", self.options.connect) if self.options.connect else ()
        words = [sys.executable, "-m", "infra.ops.smoke", "--insecure", *way, self.options.url]
        said = await run(words, within=READY_WITHIN, folder=REPOSITORY)
        return findings.checked(what, said.code == 0, _last_line(said.out) if not said.code else said.told)

    @asynccontextmanager
    async def without(self, kind: str, save: str) -> AsyncIterator[list[Json]]:
        """Takes all objects of a kind away and puts them back, whatever happens; `save` names a file with them."""
        found = [bare(one) for one in await self.kube.list(kind)]
        keep(save, found)
        try:
            for one in found:
                await self.kube("delete", kind, read.name(one), "--wait=true")
            yield found
        finally:
            # Twice: what was cut short while it was deleted may still have been there at the first look.
            for pause in (0.0, LOOK_EVERY):
                await asyncio.sleep(pause)
                there = {read.name(one) for one in await self.kube.list(kind)}
                if missing := [one for one in found if read.name(one) not in there]:
                    await self.kube.create(missing)


def bare(thing: Json) -> Json:
    """An object as somebody would write it, so that it can be made again."""
    unwanted = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
    about = {key: value for key, value in thing["metadata"].items() if key not in unwanted}
    return {**{key: value for key, value in thing.items() if key != "status"}, "metadata": about}


def keep(name: str, things: Sequence[Json]) -> None:
    """A copy for whoever has to put them back by hand, should this process be killed."""
    LOCAL.mkdir(exist_ok=True)
    (LOCAL / name).write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)}, indent=1))


def _states(pods: Iterable[Json]) -> str:
    told = []
    for pod in pods:
        waiting = [
            str(one["state"]["waiting"].get("reason"))
            for one in pod["status"].get("containerStatuses", [])
            if "waiting" in one.get("state", {})
        ]
        state = "leaving" if read.is_leaving(pod) else "ready" if read.is_ready(pod) else "not ready"
        told.append(f"{read.name(pod)} {' '.join([state, *waiting])}")
    return ", ".join(told) or "no pods"


def by_component(things: Iterable[Json], *components: str) -> list[Json]:
    """Those of these kinds."""
    return [one for one in things if read.component(one) in components]


def path_of(workload: Json) -> str:
    """As kubectl names it: `statefulset/nats`."""
    return f"{workload['kind'].lower()}/{read.name(workload)}"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _unquiet(said: Said) -> str:
    found = [line.strip() for line in said.out.splitlines()]
    start = next((number for number, line in enumerate(found) if line.startswith("Not quiet")), None)
    return said.told if start is None else " ".join(found[start : start + 6])
