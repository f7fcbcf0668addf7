"""Who leads at NATS."""

from . import pods as read
from .cluster import Cluster, NotReady
from .kubectl import Json

_MONITOR = 8222


async def nats_leader(cluster: Cluster, stream: str) -> str:
    """The pod that leads a stream, as the servers' own monitoring says; asked through the API server."""
    for pod in await cluster.running():
        if read.component(pod) == "bus":
            home = f"/api/v1/namespaces/{cluster.kube.namespace}/pods/{read.name(pod)}:{_MONITOR}/proxy"
            if leader := leader_of(await cluster.kube.raw(f"{home}/jsz?streams=true"), stream):
                return leader
    raise NotReady(f"nobody leads the stream {stream}")


def leader_of(said: Json, stream: str) -> str:
    """From what one server says of itself; empty where it does not know."""
    for account in said.get("account_details", []):
        for one in account.get("stream_detail", []):
            if one["name"] == stream:
                return str(one.get("cluster", {}).get("leader", ""))
    return ""
