"""Each pod is deleted once, by force, in an order that the seed gives, while people trade: nothing is lost by it."""

import asyncio
import random  # noqa: TID251 (no secrets: a seed has to give the same order again)
from collections.abc import Sequence

from tests.cluster import pods as read
from tests.cluster.cluster import Cluster, path_of
from tests.cluster.crowd import Breakages, Crowd, crowd
from tests.cluster.findings import Findings, duration
from tests.cluster.kubectl import Json
from tests.cluster.options import LOCAL

TITLE = "Each pod deleted once by force, during purchases"
BACK_WITHIN = 300.0
_CALM = 8.0
"""Seconds between two kills in which nothing is broken, so that an answer that may not be is noticed."""
Row = tuple[str, str, str, str]


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    options = cluster.options
    await cluster.require_shop()
    breakages, path = Breakages(), LOCAL / f"cluster-kills-{options.seed}.jsonl"
    rows: list[Row] = []
    async with crowd(options, breakages, path) as people:
        async with people.living():
            await asyncio.sleep(_CALM)
            for workload, number in schedule(await cluster.workloads(), options.seed):
                rows.append(await kill(cluster, people, breakages, workload, number))
                cluster.say(f"    {' | '.join(rows[-1])}")
                await asyncio.sleep(_CALM)
        findings.checked("pods deleted, each back by itself", rows, len(rows))
        findings.listed("In this order", ["pod", "all ready again after", "requests meanwhile", "unclear"], rows)
        await people.reckon(findings)
    await cluster.audit(findings, "afterwards")
    findings.noted(f"Every request with its answer: {path.relative_to(LOCAL.parent)}")


def schedule(workloads: Sequence[Json], seed: int) -> list[tuple[str, int]]:
    """Each pod of each workload once, as the workload and which of its pods; the same for the same seed."""
    every = [
        (path_of(one), number)
        for one in sorted(workloads, key=path_of)
        for number in range(one["spec"].get("replicas", 1))
    ]
    random.Random(f"{seed} kills").shuffle(every)  # noqa: S311 (no secrets)
    return every


async def kill(cluster: Cluster, people: Crowd, breakages: Breakages, workload: str, number: int) -> Row:
    """Ends the pod as a lost node would, and waits until everything is ready again."""
    pod = chosen(await cluster.running(), await cluster.kube.json("get", workload), number)
    records = people.world.history.records
    before = len(records)
    async with breakages.breaking("kill", pod):
        await cluster.kube("delete", "pod", pod, "--force", "--grace-period=0", "--wait=false")
        took = await cluster.all_settled(BACK_WITHIN)
    meanwhile = records[before:]
    unclear = sum(not 0 < one.status < 500 for one in meanwhile)
    return pod, duration(took), str(len(meanwhile)), str(unclear)


def chosen(pods: Sequence[Json], workload: Json, number: int) -> str:
    """A StatefulSet's pod by its number; of a Deployment's the oldest, which has not been deleted yet."""
    if workload["kind"] == "StatefulSet":
        return f"{read.name(workload)}-{number}"
    mine = read.selected(pods, workload)
    return read.name(min(mine, key=lambda pod: (pod["metadata"]["creationTimestamp"], read.name(pod))))
