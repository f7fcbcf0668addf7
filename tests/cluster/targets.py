"""Everything that somebody in a pod could try to connect to."""

from collections.abc import Iterable, Iterator

from tests.manifests.arrows import INGRESS, NAME_SERVER, OUTSIDE, kind

from . import pods as read
from .cluster import Cluster
from .kubectl import Json, Kubectl
from .options import Options
from .probes import DNS, Target

CLOSED = 9
"""A port on which nobody listens: who is let through to it is refused by the pod itself."""
API, KUBELET = "API server", "kubelet"
NOBODY_THERE = "203.0.113.1"
"""An address that is kept for documentation, so it is never anybody's, and outside of every cluster."""
_OUTSIDE_PORTS = (25, 80, 443, 465, 587)
_KUBELET_PORT = 10250


async def targets(cluster: Cluster, pods: Iterable[Json]) -> list[Target]:
    """All of them: each port of each pod, one that is closed, the cluster's own parts, addresses outside."""
    anywhere = Kubectl("default")
    service = await anywhere.json("get", "service", "kubernetes")
    slices = await anywhere.list("endpointslices", "--selector", "kubernetes.io/service-name=kubernetes")
    nodes = await anywhere.list("nodes")
    ingress = await Kubectl("ingress-nginx").list("pods", "--selector", "app.kubernetes.io/component=controller")
    return [
        *(target for pod in pods for target in of_pod(pod, kind(read.labels(pod)))),
        *(target for pod in ingress if not read.is_over(pod) for target in of_pod(pod, INGRESS)),
        Target(API, service["spec"]["clusterIP"], 443),
        *(Target(API, *found) for one in slices for found in _of_slice(one)),
        *(Target(KUBELET, address, _KUBELET_PORT) for node in nodes for address in _addresses(node)),
        Target(NAME_SERVER, "", DNS),
        *outside(cluster.options),
    ]


def of_pod(pod: Json, what: str) -> Iterator[Target]:
    """Each port that it names, and the closed one."""
    address = pod["status"].get("podIP", "")
    for port in [*read.ports(pod), CLOSED]:
        yield Target(what, address, port)


def outside(options: Options) -> Iterator[Target]:
    """An address where nobody is, and one where somebody is, if that is known."""
    for port in _OUTSIDE_PORTS:
        yield Target(OUTSIDE, NOBODY_THERE, port, far=True)
    if options.outside:
        address, _, known = options.outside.rpartition(":")
        yield Target(OUTSIDE, address, int(known), far=True)


def _of_slice(one: Json) -> Iterator[tuple[str, int]]:
    for endpoint in one.get("endpoints") or []:
        for port in one.get("ports") or []:
            yield endpoint["addresses"][0], port["port"]


def _addresses(node: Json) -> Iterator[str]:
    yield from (one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
