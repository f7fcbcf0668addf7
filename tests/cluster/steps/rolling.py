"""A rolling restart of everything, scaling, an upgrade and the way back, under purchases: no request fails."""

import asyncio

from tests.cluster import images
from tests.cluster.cluster import Cluster, by_component
from tests.cluster.findings import Findings
from tests.cluster.kubectl import Json
from tests.cluster.rolls import HEADS, Rolls, is_lone, judge, judge_lone
from tests.cluster.trade import Trade, trading

TITLE = "Restart of everything, scaling, an upgrade: under purchases"
MANY = 3
_BEFORE = 5.0


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    workloads = await cluster.workloads()
    product = by_component(workloads, "service", "worker")
    await images.make(cluster, cluster.options.upgrade_tag)
    async with trading(cluster.options) as trade:
        await asyncio.sleep(_BEFORE)
        await roll(cluster, findings, trade, workloads)
        rolls = Rolls(cluster, trade)
        for one in product:
            await rolls.scale(one, MANY)
        judge(findings, f"every Deployment to {MANY} and back", rolls.done)
        findings.listed("Scaling", HEADS, [one.cells() for one in rolls.done])
        rolls = Rolls(cluster, trade)
        await rolls.exchange(product, cluster.options.upgrade_tag)
        judge(findings, "an upgrade of everything, from the image before", rolls.done)
        findings.listed("Upgrade", HEADS, [one.cells() for one in rolls.done])
    tell(findings, trade)
    await cluster.audit(findings, "afterwards")
    findings.noted("The stand-ins of Stripe and of the mail server are no part of the product and were left alone.")


async def roll(cluster: Cluster, findings: Findings, trade: Trade, workloads: list[Json]) -> None:
    """Restarts everything, one after the other; `prod` does so too."""
    services, rest, lone = Rolls(cluster, trade), Rolls(cluster, trade), Rolls(cluster, trade)
    for one in by_component(workloads, "service", "worker"):
        await services.restart(one)
    for one in by_component(workloads, "database", "bus", "timer"):
        await (lone if is_lone(one) else rest).restart(one)
    judge(findings, "every service restarted", services.done)
    judge(findings, "NATS, Redis and every replica set restarted", rest.done)
    if lone.done:
        judge_lone(findings, lone.done)
    done = [*services.done, *rest.done, *lone.done]
    findings.listed("Restarts", HEADS, [one.cells() for one in done])


def tell(findings: Findings, trade: Trade) -> None:
    """What was asked."""
    kinds = ("POST /api/orders", "POST /api/payments", "POST /api/tickets")
    asked = ", ".join(f"{kind} {trade.done.get(kind, 0)}" for kind in kinds)
    findings.measured("requests through the ingress", f"{trade.total} of {len(trade.done)} kinds; {asked}")
    findings.measured("the slowest of them", f"{trade.slowest:.2f} s")
    bought = trade.done.get("POST /api/payments", 0) - trade.refused("POST /api/payments")
    findings.checked("tickets were bought meanwhile", bought > 0, bought)
