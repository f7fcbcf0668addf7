"""How much memory and processor the pods take, and how large the images are, as the nodes report it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from . import pods as read
from .findings import Findings, mebibytes
from .kubectl import Json, Kubectl


@dataclass(frozen=True, slots=True)
class Weight:
    """One pod's; `cores` may be unknown just after its start."""

    pod: str
    component: str
    memory: int
    cores: float


def weights(summaries: Iterable[Json], namespace: str, components: Mapping[str, str]) -> list[Weight]:
    """From what the kubelets sum up: the working set, which is what limits are compared with; the largest first."""
    found = []
    for summary in summaries:
        for one in summary.get("pods", []):
            pod = one["podRef"]
            if pod["namespace"] == namespace and pod["name"] in components:
                boxes = one.get("containers", [])
                memory = sum(box.get("memory", {}).get("workingSetBytes", 0) for box in boxes)
                cores = sum(box.get("cpu", {}).get("usageNanoCores", 0) for box in boxes) / 1e9
                found.append(Weight(pod["name"], components[pod["name"]], memory, cores))
    return sorted(found, key=lambda weight: -weight.memory)


def images(nodes: Iterable[Json], used: Iterable[str]) -> dict[str, int]:
    """The size in bytes of each image that is used, as far as a node says so."""
    wanted = set(used)
    found: dict[str, int] = {}
    for node in nodes:
        for one in node["status"].get("images", []):
            for name in one.get("names") or []:
                if short(name) in wanted:
                    found[short(name)] = one["sizeBytes"]
    return found


def short(image: str) -> str:
    """As manifests write it, without the registry that goes without saying."""
    return image.removeprefix("docker.io/").removeprefix("library/").removeprefix("localhost/")


async def weigh(kube: Kubectl, pods: list[Json], findings: Findings) -> None:
    """All of it, as tables."""
    nodes = await kube.list("nodes", anywhere=True)
    summaries = [await kube.raw(f"/api/v1/nodes/{read.name(node)}/proxy/stats/summary") for node in nodes]
    found = weights(summaries, kube.namespace, {read.name(pod): read.component(pod) for pod in pods})
    findings.measured(f"memory of all {len(found)} pods", mebibytes(sum(one.memory for one in found)))
    findings.measured("processor that all of them use at rest", f"{sum(one.cores for one in found):.2f} cores")
    findings.checked("every pod's memory is known", len(found) == len(pods) and all(one.memory for one in found))
    rows = [(one.pod, one.component, mebibytes(one.memory), f"{one.cores:.3f}") for one in found]
    findings.listed("Memory and processor of each pod", ["pod", "component", "working set", "cores"], rows)
    used = sorted({short(box["image"]) for pod in pods for box in read.containers(pod["spec"])})
    sizes = images(nodes, used)
    findings.listed("Images", ["image", "size on the node"], list(_sized(used, sizes)))


def _sized(used: Iterable[str], sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for image in used:
        yield image, mebibytes(sizes[image]) if image in sizes else "the node does not say"
