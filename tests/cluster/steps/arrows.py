"""From every kind of pod to everything that there is: exactly what the design's table says opens, and no more.

Then the policies are taken away and the same is tried again. That shows that the probe can see more, and it tells what
each target answers where nothing is denied: an address outside that nobody answers at can look like one that is denied.
"""

from collections.abc import Iterable
from itertools import chain

from tests.cluster import pods as read
from tests.cluster.cluster import Cluster, NotReady
from tests.cluster.findings import Findings
from tests.cluster.kubectl import Json
from tests.cluster.probes import Source, Target, probing, sources
from tests.cluster.table import Table, strangers, table_of
from tests.cluster.targets import targets
from tests.cluster.verdicts import Verdicts

TITLE = "Who may open a connection to whom: exactly the table"
POLICIES = "networkpolicies.networking.k8s.io"
_SAVED = "cluster-policies.json"
_FAR_MORE = 3


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    pods = await cluster.running()
    aims, table = await targets(cluster, pods), await table_of(cluster)
    wanted = [*sources(pods, await templates(cluster), table.kinds), *strangers()]
    async with probing(cluster, await image(cluster), wanted) as probes:
        denied = await probes.knock(aims)
        async with cluster.without(POLICIES, _SAVED) as policies:
            await probes.in_force()
            free = await probes.knock(aims)
        await probes.in_force()
        again = await probes.knock([one for one in aims if not one.far])
    verdicts = Verdicts(denied, free)
    findings.measured("policies", len(policies))
    findings.measured("tried", f"{len(denied)} connections, from {len(wanted)} kinds of pods to {len(aims)} targets")
    judge(findings, wanted, verdicts, table)
    control(findings, verdicts)
    same = {key for key, answer in again.items() if (answer == "open") == (denied[key] == "open")}
    findings.none_of("with the policies back, connections that are not as before", [*map(_told, again.keys() - same)])
    findings.listed("What opens", ["from", "to"], [*opens(wanted, verdicts)])


def judge(findings: Findings, wanted: Iterable[Source], verdicts: Verdicts, table: Table) -> None:
    """The table, both ways."""
    named = {source.kind: source for source in wanted}
    wishes = {key: table.expects(named[key[0]], key[1]) for key in verdicts.keys}
    known = {key: wish for key, wish in wishes.items() if wish is not None and not verdicts.is_dark(key)}
    missing = [key for key, wish in known.items() if wish and not verdicts.passes(key)]
    surplus = [key for key, wish in known.items() if not wish and verdicts.passes(key)]
    arrows = sum(known.values())
    findings.none_of("arrows of the table that do not open", [*map(_told, missing)], f"none of {arrows}")
    what = "connections beside the table that open"
    findings.none_of(what, [*map(_told, surplus)], f"none of {len(known) - arrows}")
    dark = [key for key, wish in wishes.items() if wish is not None and verdicts.is_dark(key)]
    if dark:
        told = ", ".join(sorted({target.label for _, target in dark}))
        findings.noted(f"{len(dark)} more say nothing, since nothing answers there without policies either: {told}.")


def control(findings: Findings, verdicts: Verdicts) -> None:
    """Without policies the same probe sees far more, so it would have seen it with them."""
    before, after = len(verdicts.open(denied=True)), len(verdicts.open(denied=False))
    told = f"{after} open, {before} with them"
    findings.checked("without policies far more opens (the control)", after > _FAR_MORE * before, told)
    heard = {target for _, target in verdicts.open(denied=False)}
    deaf = [_told(key) for key in verdicts.keys if key[1] in heard and not verdicts.opens_freely(key)]
    findings.none_of("ports that are open for some and not for others without policies", deaf)


def opens(wanted: Iterable[Source], verdicts: Verdicts) -> Iterable[tuple[str, str]]:
    """For each kind of pod, where it comes through."""
    for source in wanted:
        found = {
            target.label for kind, target in verdicts.keys if kind == source.kind and verdicts.passes((kind, target))
        }
        yield source.kind, ", ".join(sorted(found)) or "nothing"


async def templates(cluster: Cluster) -> list[Json]:
    """Of the pods that Jobs would make."""
    cronjobs = await cluster.kube.list("cronjobs.batch")
    jobs = await cluster.kube.list("jobs.batch")
    found = chain((one["spec"]["jobTemplate"]["spec"] for one in cronjobs), (one["spec"] for one in jobs))
    return [one["template"] for one in found]


async def image(cluster: Cluster) -> str:
    """The operator's image, as the cluster has it."""
    for template in await templates(cluster):
        for box in read.containers(template["spec"]):
            if read.ours(box["image"]) == "ops":
                return str(box["image"])
    raise NotReady("no CronJob here runs the operator's image")


def _told(key: tuple[str, Target]) -> str:
    return f"{key[0]} -> {key[1].label}"
