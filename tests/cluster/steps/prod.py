"""The overlay for production, lowered until it fits a small node: replica sets, a lost leader, disruption budgets."""

import asyncio
import json
import time
from pathlib import Path

from infra.cluster.overlay import render
from infra.local.services import SERVICES
from tests.cluster import lowered
from tests.cluster import pods as read
from tests.cluster.cluster import READY_WITHIN, Cluster, by_component, path_of
from tests.cluster.findings import Findings
from tests.cluster.images import tag_in_use
from tests.cluster.inside_pods import pod_of, said
from tests.cluster.kubectl import Json
from tests.cluster.leaders import nats_leader
from tests.cluster.options import LOCAL
from tests.cluster.steps.rolling import roll, tell
from tests.cluster.trade import trading
from tests.cluster.up import bring_up, remove
from tests.cluster.writes import Acknowledged, Shopper, again_and_again, missing_tickets

TITLE = "The production overlay, lowered to a small node"
FOLDER = LOCAL / "cluster-overlays" / "prod"
SECONDS = 30.0
"""What a lost leader may cost: an election, and the time that a driver needs to find out."""
_WARM, _AFTER = 5.0, 10.0


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step. What was there before is gone afterwards: the dev overlay is brought up anew."""
    lowered.write(FOLDER, render(Path("infra/k8s-prod")).objects)
    tag = await tag_in_use(cluster)
    await remove(cluster)
    try:
        if await bring_up(cluster, findings, str(FOLDER.relative_to(LOCAL.parent)), tag):
            await cluster.until(lambda: _is_unscaled(cluster), READY_WITHIN)
            await cluster.all_settled()
            await look(cluster, findings)
    finally:
        await remove(cluster)
        back = await bring_up(cluster, Findings("", ""), cluster.options.overlay, tag)
        findings.checked(f"{cluster.options.overlay} is back", back)


async def look(cluster: Cluster, findings: Findings) -> None:
    """All that is tried on it."""
    pods = await cluster.running()
    findings.measured("pods", len(pods))
    await findings.tries("replica sets", sets(cluster, findings))
    await cluster.smoke(findings)
    await findings.tries("a lost primary", lose_primary(cluster, findings))
    await findings.tries("a lost NATS leader", lose_nats(cluster, findings))
    await findings.tries("disruption budgets", budgets(cluster, findings))
    await findings.tries("restart of everything", restart(cluster, findings))
    await cluster.audit(findings, "after all of it")


async def restart(cluster: Cluster, findings: Findings) -> None:
    """Of everything, members of sets included, under purchases."""
    await cluster.all_settled()
    async with trading(cluster.options) as trade:
        await asyncio.sleep(_WARM)
        await roll(cluster, findings, trade, await cluster.workloads())
    tell(findings, trade)


async def _is_unscaled(cluster: Cluster) -> str:
    """The complaint until the autoscalers have seen to their least, for which they need no metrics."""
    least = {read.name(one): one["spec"]["minReplicas"] for one in await cluster.kube.list("hpa")}
    wait = [path_of(one) for one in await cluster.workloads() if one["spec"]["replicas"] < least.get(read.name(one), 0)]
    return f"not scaled yet: {', '.join(wait)}" if wait else ""


# ---- leaders
async def sets(cluster: Cluster, findings: Findings) -> None:
    """Each database has three members, one of them the primary, and nobody has made it so by hand."""
    pods, wrong = await cluster.running(), []
    for service in SERVICES:
        members: dict[str, str] = await said(cluster, pod_of(pods, service), "members")
        if sorted(members.values()) != ["primary", "secondary", "secondary"]:
            wrong.append(f"{service}: {members}")
    findings.none_of("databases that are no set of a primary and two secondaries", wrong, f"none of {len(SERVICES)}")


async def lose_primary(cluster: Cluster, findings: Findings) -> None:
    """The primary of the tickets' database is deleted by force while tickets are listed without a pause."""
    members: dict[str, str] = await said(cluster, pod_of(await cluster.running(), "tickets"), "members")
    primary = next(host for host, state in members.items() if state == "primary").partition(".")[0]
    async with again_and_again(cluster.options, Shopper.list_ticket) as found:
        await asyncio.sleep(_WARM)
        lost = await delete(cluster, primary)
        await cluster.all_settled()
        await asyncio.sleep(_AFTER)
    judge(findings, f"writes go on after {primary}, the primary, was deleted", found, lost)
    gone = await missing_tickets(cluster.options, found.ids)
    findings.none_of("tickets whose listing was acknowledged and that are gone", gone, f"none of {len(found.ids)}")


async def lose_nats(cluster: Cluster, findings: Findings) -> None:
    """The leader of the stream of orders is deleted by force while tickets are bought without a pause."""
    leader = await nats_leader(cluster, "ORDERS")
    async with again_and_again(cluster.options, Shopper.buy_ticket) as found:
        await asyncio.sleep(_WARM)
        lost = await delete(cluster, leader)
        await cluster.all_settled()
        await asyncio.sleep(_AFTER)
    judge(findings, f"purchases go on after {leader}, the leader of the stream ORDERS, was deleted", found, lost)
    unfinished = [one for one in found.refused if "paid for" in one]
    findings.none_of("orders paid for that are not complete", unfinished, f"none of {len(found.ids)}")


async def delete(cluster: Cluster, pod: str) -> float:
    """By force; the moment."""
    moment = time.monotonic()
    await cluster.kube("delete", "pod", pod, "--force", "--grace-period=0", "--wait=false")
    return moment


def judge(findings: Findings, what: str, found: Acknowledged, lost: float) -> None:
    """Within seconds. What a request that was under way at that moment came to does not count as going on."""
    resumed = found.since(lost + 1.0)
    told = "never" if resumed is None else f"{resumed + 1:.1f} s, longest gap {found.longest_gap:.1f} s"
    told += f"; {len(found.done)} acknowledged, {len(found.refused)} refused"
    findings.checked(what, resumed is not None and found.longest_gap < SECONDS, told)


# ---- budgets
async def budgets(cluster: Cluster, findings: Findings) -> None:
    """All pods of each workload are evicted one right after the other, as by a drain: the last one is refused."""
    rows, wrong = [], []
    for one in by_component(await cluster.workloads(), "service", "worker", "database", "bus"):
        mine = [read.name(pod) for pod in read.selected(await cluster.running(), one)]
        refused = [pod for pod in mine if await is_refused(cluster, pod)]
        left = [pod for pod in read.selected(await cluster.running(), one) if read.is_ready(pod)]
        rows.append((path_of(one), len(mine), len(mine) - len(refused), len(left)))
        if len(mine) > 1 and (not refused or not left):
            wrong.append(f"{path_of(one)}: {len(mine) - len(refused)} of {len(mine)} evicted")
        await cluster.settled(path_of(one))
    findings.none_of("workloads of which a drain takes the last pod", wrong, f"none of {len(rows)}")
    findings.listed("Evicted one right after the other", ["workload", "pods", "evicted", "ready meanwhile"], rows)
    alone = [str(path) for path, count, *_ in rows if count == 1]
    findings.checked("each has more than one pod", not alone, ", ".join(alone) or f"all {len(rows)}")


async def is_refused(cluster: Cluster, pod: str) -> bool:
    """Whether a budget keeps the pod from being evicted."""
    home = cluster.kube.namespace
    about = {"name": pod, "namespace": home}
    eviction: Json = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": about}
    path = f"/api/v1/namespaces/{home}/pods/{pod}/eviction"
    said = await cluster.kube("create", "--raw", path, "--filename=-", stdin=json.dumps(eviction), check=False)
    return said.code != 0 and "disruption budget" in said.err
