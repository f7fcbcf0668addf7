"""The same purchase with the Ingress taken away and the Gateway API's routes in its place."""

from pathlib import Path

from httpx import HTTPError

from infra.cluster.overlay import render
from tests.cluster import pods as read
from tests.cluster.cluster import Cluster
from tests.cluster.door import door
from tests.cluster.findings import Findings
from tests.cluster.kubectl import Json

TITLE = "The same purchase through the Gateway API, without the Ingress"
OVERLAY = Path("infra/k8s-dev/gateway-api")
KINDS = ("Gateway", "HTTPRoute")
_WITHIN = 60.0
_SAVED = "cluster-ingresses.json"


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    routes = [_for(cluster, one) for one in render(OVERLAY).objects if one["kind"] in KINDS]
    async with cluster.without("ingresses.networking.k8s.io", _SAVED) as ingresses:
        await cluster.until(lambda: _leads_nowhere(cluster), _WITHIN)
        findings.checked(f"without its {len(ingresses)} Ingresses nobody finds the shop (the control)", good=True)
        try:
            await cluster.kube.create(routes)
            took = await cluster.until(lambda: _is_not_programmed(cluster), _WITHIN)
            findings.measured("the Gateway and its routes are accepted after", f"{took:.1f} s")
            await cluster.smoke(findings, "a purchase through the Gateway")
            await same_answers(cluster, findings)
        finally:
            for one in routes:
                kind = one["kind"].lower() + ".gateway.networking.k8s.io"
                await cluster.kube("delete", kind, read.name(one), "--ignore-not-found")
    await cluster.until(lambda: _leads_nowhere(cluster, wanted=True), _WITHIN)
    await cluster.smoke(findings, "and through the Ingress again, when it is back")


async def same_answers(cluster: Cluster, findings: Findings) -> None:
    """What the public must not reach is not reached here either."""
    async with door(cluster.options) as http:
        for path in ("/livez", "/readyz", "/metrics"):
            answer = await http.get(path)
            findings.checked(f"{path} does not exist out here", answer.status_code == 404, answer.status_code)
        answer = await http.get("/api/nothing")
        good = answer.status_code == 404
        findings.checked("an unknown path below /api is a 404", good, answer.status_code)


def _for(cluster: Cluster, thing: Json) -> Json:
    """In the class that the cluster has."""
    if thing["kind"] == "Gateway":
        thing["spec"]["gatewayClassName"] = cluster.options.gateway_class
    return thing


async def _leads_nowhere(cluster: Cluster, *, wanted: bool = False) -> str:
    """The complaint as long as the shop is, or `wanted` is not, found at its address."""
    async with door(cluster.options) as http:
        try:
            found = (await http.get("/api/users/currentuser")).status_code == 200
        except HTTPError:
            found = False
    return "" if found == wanted else f"the shop is {'' if found else 'not '}there"


async def _is_not_programmed(cluster: Cluster) -> str:
    gateways = await cluster.kube.list("gateways.gateway.networking.k8s.io")
    routes = await cluster.kube.list("httproutes.gateway.networking.k8s.io")
    waiting = [read.name(one) for one in gateways if not _has(one["status"], "Programmed")]
    for route in routes:
        parents = route.get("status", {}).get("parents", [])
        if not parents or not all(_has(parent, "Accepted") for parent in parents):
            waiting.append(read.name(route))
    return f"not accepted: {', '.join(waiting)}" if waiting else ""


def _has(status: Json, condition: str) -> bool:
    return any(one["type"] == condition and one["status"] == "True" for one in status.get("conditions", []))
