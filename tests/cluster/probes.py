"""Pods that stand where ours stand, for policies as for one another, and only try connections.

Each has the labels of one kind of pod, so it may do what those may do. It is never ready, so no Service sends anything
to it; only the names of a database's members, which are there before they are ready, lead to it for a minute: who
tries it is refused at once, and goes on to the next.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.manifests.arrows import kind

from . import pods as read
from .cluster import Cluster, NotReady
from .kubectl import Json, Kubectl

MARK = "ticketing.dev/probe"
SECONDS = 1.5
FAR_SECONDS = 5.0
"""For addresses outside: that nobody is there is only known after three seconds, where one is told at all."""
_KNOCK = (Path(__file__).parent / "inside" / "knock.py").read_text()
_AT_ONCE = 2
_WITHIN = 240.0
_IN_FORCE_AFTER = 5.0
"""Seconds after a pod's start, or a change of policies, in which whoever enforces them may still be about it."""
DNS = 0
"""Stands for the name server, asked by UDP."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somewhere to connect to; `kind` is its pod's, or what else it is."""

    kind: str
    address: str
    port: int
    far: bool = False

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.kind}:{self.port}" if self.port else self.kind


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connection is tried from; no namespace means the shop's."""

    kind: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""


Answers = dict[tuple[str, Target], str]
"""What came of it, by the source's kind and the target."""


def sources(pods: Iterable[Json], templates: Iterable[Json], named: Iterable[str] = ()) -> list[Source]:
    """One for each kind of pod that runs, that a Job would run, or that is only named (a Job that is swept away)."""
    every = [*map(_labels, named), *map(read.labels, pods), *map(read.labels, templates)]
    found = {kind(one): read.kind_of(one) for one in every}
    return [Source(name, found[name]) for name in sorted(found)]


def _labels(name: str) -> dict[str, str]:
    """Those that such a name is made of."""
    words = zip((read.NAME, read.COMPONENT, read.JOB), name.split("/"), strict=False)
    return {"app.kubernetes.io/part-of": "ticketing", **dict(words)}


@asynccontextmanager
async def probing(cluster: Cluster, image: str, wanted: list[Source]) -> AsyncIterator["Probes"]:
    """The pods, running; gone when the block is left."""
    probes = Probes(cluster, {source.kind: f"probe-{number}" for number, source in enumerate(wanted)}, wanted)
    try:
        await probes.start(image)
        yield probes
    finally:
        await probes.end()


@dataclass(frozen=True, slots=True)
class Probes:
    """By the kind that each stands for."""

    cluster: Cluster
    names: Mapping[str, str]
    wanted: list[Source]

    async def start(self, image: str) -> None:
        """Makes all of them, and waits until they run and policies know them."""
        for source in self.wanted:
            await self._kube(source).create([manifest(self.names[source.kind], source.labels, image)])
        for source in self.wanted:
            await self.cluster.until(lambda source=source: self._waits(source), _WITHIN)  # type: ignore[misc]
        await self.in_force()

    async def in_force(self) -> None:
        """Gives whoever enforces policies a moment."""
        await asyncio.sleep(_IN_FORCE_AFTER)

    async def end(self) -> None:
        """Takes them away, in every namespace that they are in."""
        for home in {source.namespace: self._kube(source) for source in self.wanted}.values():
            await home("delete", "pods", "--selector", MARK, "--grace-period=0", "--wait=true", check=False)

    async def knock(self, targets: list[Target]) -> Answers:
        """From each of them at every target."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(source: Source) -> Answers:
            async with turn:
                near = await self._knock(source, [one for one in targets if not one.far], SECONDS)
                return {**near, **await self._knock(source, [one for one in targets if one.far], FAR_SECONDS)}

        found: Answers = {}
        for answers in await asyncio.gather(*map(one, self.wanted)):
            found |= answers
        return found

    async def _knock(self, source: Source, targets: list[Target], seconds: float) -> Answers:
        given = json.dumps({"targets": [[one.address, one.port] for one in targets], "seconds": seconds})
        said = await self._kube(source).exec(self.names[source.kind], "python", "-c", _KNOCK, stdin=given)
        if said.code:
            raise NotReady(f"{self.names[source.kind]}, which stands for {source.kind}: {said.told}")
        answers: list[str] = json.loads(said.out.splitlines()[-1])
        return {(source.kind, target): answer for target, answer in zip(targets, answers, strict=True)}

    async def _waits(self, source: Source) -> str:
        pod = await self._kube(source).get("pod", self.names[source.kind])
        phase = pod["status"].get("phase") if pod else "gone"
        return "" if phase == "Running" else f"{self.names[source.kind]} is {phase}"

    def _kube(self, source: Source) -> Kubectl:
        return Kubectl(source.namespace or self.cluster.kube.namespace)


def manifest(name: str, labels: Mapping[str, str], image: str) -> Json:
    """One such pod, as the level `restricted` wants it; it ends by itself should nobody take it away."""
    confined = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {**labels, MARK: "arrows"}},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": 1800,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "readinessGates": [{"conditionType": "ticketing.dev/never"}],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "probe",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", "1800"],
                    "securityContext": confined,
                    "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "96Mi"}},
                }
            ],
        },
    }
