"""The table of tests/manifests/arrows.py as a question: may this kind of pod open a connection there?"""

from dataclasses import dataclass

from tests.manifests.arrows import COLLECTOR, INGRESS, NAME_SERVER, Arrow, arrows

from . import pods as read
from .cluster import Cluster
from .probes import Source, Target

_METRICS, _CERTIFICATE = "metrics", "certificate"
"""Policies that are there only with a component, or in production."""
_STAND_IN, _GATEWAY = "stripe", "gateway"


def strangers() -> list[Source]:
    """Who is no part of the shop: a pod that nobody knows, others' pods, the ingress controller."""
    controller = {read.NAME: "ingress-nginx", read.COMPONENT: "controller"}
    return [
        Source("a pod without labels"),
        Source("a pod of another namespace", namespace="default"),
        Source(COLLECTOR, {"ticketing.dev/metrics": "collector"}, namespace="default"),
        Source(INGRESS, controller, namespace="ingress-nginx"),
    ]


async def table_of(cluster: Cluster) -> "Table":
    """The one for what is deployed."""
    deployments = {read.name(one) for one in await cluster.kube.list("deployments.apps")}
    policies = {read.name(one) for one in await cluster.kube.list("networkpolicies.networking.k8s.io")}
    return Table(
        arrows(
            stand_ins=_STAND_IN in deployments,
            gateway=_GATEWAY in deployments,
            metrics=_METRICS in policies,
            production=_CERTIFICATE in policies,
        )
    )


@dataclass(frozen=True, slots=True)
class Table:
    """What may open."""

    arrows: frozenset[Arrow]

    @property
    def kinds(self) -> set[str]:
        """The pods of the shop that it lets connect somewhere."""
        return {source for source, *_ in self.arrows if "/" in source}

    def expects(self, source: Source, target: Target) -> bool | None:
        """None where it has nothing to say: what somebody else's pods do elsewhere is theirs to decide."""
        if (source.kind, target.kind, target.port) in self.arrows:
            return True
        if source.namespace and "/" not in target.kind:
            return None
        return target.kind == NAME_SERVER
