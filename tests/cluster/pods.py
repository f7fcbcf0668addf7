"""What the API server says of pods, workloads and events, read."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]
Labels = Mapping[str, str]
COMPONENT, NAME, JOB = "app.kubernetes.io/component", "app.kubernetes.io/name", "ticketing.dev/job"
_OF_ONE_POD = ("pod-template-hash", "controller-revision-hash", "controller-uid", "job-name")
_OF_ONE_POD_BELOW = ("batch.kubernetes.io/", "statefulset.kubernetes.io/", "apps.kubernetes.io/")
_OURS = "ticketing/"


def name(thing: Json) -> str:
    """Its own."""
    return str(thing["metadata"]["name"])


def labels(thing: Json) -> dict[str, str]:
    """Its own."""
    return dict(thing["metadata"].get("labels") or {})


def kind_of(thing: Labels) -> dict[str, str]:
    """The labels that it shares with its fellows: what policies go by."""
    return {
        key: value for key, value in thing.items() if key not in _OF_ONE_POD and not key.startswith(_OF_ONE_POD_BELOW)
    }


def component(thing: Json) -> str:
    """service, worker, database, bus, timer, stand-in or job."""
    return labels(thing).get(COMPONENT, "")


def is_leaving(pod: Json) -> bool:
    """Whether it has been asked to end."""
    return "deletionTimestamp" in pod["metadata"]


def is_over(pod: Json) -> bool:
    """Whether it has run to its end, as a job's does."""
    return pod["status"].get("phase") in {"Succeeded", "Failed"}


def is_ready(pod: Json) -> bool:
    """Whether it takes requests."""
    return ready_since(pod) is not None and not is_leaving(pod)


def ready_since(pod: Json) -> datetime | None:
    """When it last became ready, if it is."""
    for one in pod["status"].get("conditions", []):
        if one["type"] == "Ready" and one["status"] == "True":
            return datetime.fromisoformat(one["lastTransitionTime"])
    return None


def is_a_jobs(pod: Json) -> bool:
    """Whether a Job made it."""
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", []))


def restarts(pod: Json) -> int:
    """How often its containers were started again; of a native sidecar too."""
    status = pod["status"]
    every = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    return sum(one["restartCount"] for one in every)


def containers(pod_spec: Json) -> list[Json]:
    """All of them, those that only prepare included."""
    return [*pod_spec.get("initContainers", []), *pod_spec["containers"]]


def ports(pod: Json) -> dict[int, str]:
    """Those it names for connections, by number."""
    return {
        port["containerPort"]: port.get("name", "")
        for one in containers(pod["spec"])
        for port in one.get("ports", [])
        if port.get("protocol", "TCP") == "TCP"
    }


def ours(image: str) -> str:
    """Which of our images it is (`orders`), if it is one: whatever registry and tag it has."""
    path = image.partition("@")[0]
    stem = path.rpartition(":")[0] if ":" in path.rpartition("/")[2] else path
    before, found, last = stem.rpartition(_OURS)
    return last if found and (not before or before.endswith("/")) else ""


def retagged(image: str, tag: str) -> str:
    """The same image under another tag."""
    path = image.partition("@")[0]
    stem = path.rpartition(":")[0] if ":" in path.rpartition("/")[2] else path
    return f"{stem}:{tag}"


def is_settled(workload: Json, found: Iterable[Json]) -> bool:
    """Whether there are as many of its pods as there shall be, all of them ready, and none that is leaving."""
    wanted = workload["spec"].get("replicas", 1)
    status = workload["status"]
    seen = status.get("observedGeneration", 0) >= workload["metadata"].get("generation", 0)
    updated = all(status.get(count, 0) == wanted for count in ("updatedReplicas", "readyReplicas"))
    same = status.get("currentRevision") == status.get("updateRevision")
    present = [pod for pod in found if not is_over(pod)]
    return seen and updated and same and len(present) == wanted and all(map(is_ready, present))


def selected(pods: Iterable[Json], workload: Json) -> list[Json]:
    """Those that a workload's selector means."""
    wanted: dict[str, str] = workload["spec"]["selector"]["matchLabels"]
    return [pod for pod in pods if wanted.items() <= labels(pod).items()]


# ---- events
def happened(event: Json) -> datetime:
    """When it was seen last."""
    series = event.get("series") or {}
    moments = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    found = next((one for one in moments if one), event["metadata"]["creationTimestamp"])
    return datetime.fromisoformat(found)


def told(event: Json) -> str:
    """For people."""
    about = event.get("involvedObject", {})
    return f"{about.get('kind')} {about.get('name')}: {event.get('reason')}: {event.get('message', '')[:160]}"


def warnings(events: Iterable[Json], pods: Mapping[str, Json]) -> Iterator[Json]:
    """Those that may not be: all but what is said of pulling images, and of probes before their pod was ready."""
    for event in events:
        if event.get("type") == "Warning" and not _is_allowed(event, pods):
            yield event


def _is_allowed(event: Json, pods: Mapping[str, Json]) -> bool:
    message = event.get("message", "").lower()
    if event.get("reason") in {"Failed", "BackOff", "ErrImagePull", "InspectFailed"} and "image" in message:
        return "pull" in message or "errimage" in message
    if event.get("reason") != "Unhealthy":
        return False
    pod = pods.get(event.get("involvedObject", {}).get("name", ""))
    since = ready_since(pod) if pod else None
    return since is not None and happened(event) <= since
