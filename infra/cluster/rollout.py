"""Waits until everything of an overlay runs; where something does not, says what the cluster knows about it."""

import time
from collections.abc import Callable, Iterable, Sequence

from .errors import ClusterError
from .kubectl import Json, Kubectl
from .overlay import Workload
from .shell import tail

_LOOK_EVERY = 2.0
_EVENTS, _LINES, _PODS = 8, 12, 3
_KINDS = "deployments.apps,statefulsets.apps,jobs.batch"
Say = Callable[[str], object]


def await_all(kubectl: Kubectl, workloads: Iterable[Workload], within: float, say: Say) -> None:
    """Returns when each is as it is to be; `ClusterError` after so many seconds, or at once where a Job has failed."""
    began = time.monotonic()
    left, seen = list(workloads), set[Workload]()
    while left:
        found = {(one["kind"], one["metadata"]["name"]): one for one in kubectl.all(_KINDS)}
        for workload in list(left):
            one = found.get(workload)
            # A Job that is done may be swept away between two looks.
            if (workload in seen and one is None and workload[0] == "Job") or (one and is_up(one)):
                left.remove(workload)
                say(f"  {workload[1]}  {time.monotonic() - began:.0f} s")
            elif one:
                seen.add(workload)
        failed = [one for one in left if one in found and _has_failed(found[one])]
        if failed or (left and time.monotonic() - began > within):
            raise ClusterError(_explain(kubectl, failed or left, found, time.monotonic() - began))
        time.sleep(_LOOK_EVERY if left else 0)


def restart(kubectl: Kubectl, workloads: Sequence[Workload], within: float, say: Say) -> None:
    """Each pod anew, as many at a time as its rollout allows; returns when all are back."""
    for kind, name in workloads:
        kubectl.ask("rollout", "restart", f"{kind.lower()}/{name}")
    await_all(kubectl, workloads, within, say)


def is_up(one: Json) -> bool:
    """Whether the cluster has seen the latest change, and all that it asks for runs, of the latest kind alone."""
    status, spec = one.get("status", {}), one["spec"]
    if one["kind"] == "Job":
        return bool(status.get("succeeded"))
    if status.get("observedGeneration", 0) < one["metadata"].get("generation", 0):
        return False
    wanted = spec.get("replicas", 1)
    if one["kind"] == "StatefulSet" and status.get("currentRevision") != status.get("updateRevision"):
        return False
    counts = ["replicas", "readyReplicas"] if one["kind"] == "StatefulSet" else ["replicas", "availableReplicas"]
    return all(status.get(count, 0) == wanted for count in (*counts, "updatedReplicas"))


def _has_failed(one: Json) -> bool:
    conditions = one.get("status", {}).get("conditions", ())
    return one["kind"] == "Job" and any(c["type"] == "Failed" and c["status"] == "True" for c in conditions)


def _explain(kubectl: Kubectl, left: Sequence[Workload], found: dict[Workload, Json], seconds: float) -> str:
    names = ", ".join(f"{kind.lower()}/{name}" for kind, name in left)
    told = [f"After {seconds:.0f} s these are not up: {names}.\n"]
    events = kubectl.all("events")
    for workload in left:
        if workload not in found:
            told.append(f"{workload[1]} is not there at all.\n")
            continue
        told.append(describe(kubectl, found[workload], events))
    return "".join(told).rstrip()


def describe(kubectl: Kubectl, workload: Json, events: Sequence[Json]) -> str:
    """The latest events, and the last words of the containers that are not well."""
    name = workload["metadata"]["name"]
    labels = workload["spec"].get("selector", {}).get("matchLabels", {})
    pods = kubectl.all("pods", ",".join(f"{key}={value}" for key, value in labels.items()))
    names = {name, *(pod["metadata"]["name"] for pod in pods)}
    about = [one for one in events if one.get("involvedObject", {}).get("name") in names]
    about.sort(key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""))
    said = [f"{one.get('reason')} {one['involvedObject']['name']}: {one.get('message')}" for one in about[-_EVENTS:]]
    told = f"  {name}:\n" + "".join(f"    {line}\n" for line in said)
    ill = [(pod, container) for pod in pods for container in _unwell(pod)]
    return told + "".join(_last_words(kubectl, pod, container) for pod, container in ill[:_PODS])


def _unwell(pod: Json) -> list[Json]:
    """What has failed, has not begun or is not ready, in the order in which they run."""
    status = pod.get("status", {})
    first = [one for one in status.get("initContainerStatuses", ()) if not _is_done(one)]
    return [*first, *(one for one in status.get("containerStatuses", ()) if not one.get("ready"))]


def _is_done(container: Json) -> bool:
    ended = container["state"].get("terminated")
    return bool(ended) and not ended["exitCode"]


def _last_words(kubectl: Kubectl, pod: Json, container: Json) -> str:
    name = pod["metadata"]["name"]
    waiting = container["state"].get("waiting", {})
    why = f" ({waiting['reason']})" if waiting.get("reason") else ""
    words = ("logs", name, "--container", container["name"], "--tail", str(_LINES))
    answer = kubectl.attempt(*words)
    if container.get("restartCount") and not answer.out.strip():
        answer = kubectl.attempt(*words, "--previous")
    return f"  {name}, {container['name']}{why}:\n{tail(answer.out or 'It has said nothing.', _LINES)}"
