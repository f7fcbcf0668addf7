"""What a build as a whole keeps to: nothing is missing, what names something names what is there, one may go."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.cluster.overlay import Overlay
from infra.cluster.recipes import recipes
from infra.cluster.settings import ClusterSettings
from infra.local.services import SERVICES, WORKER
from infra.ops.audit.routes import BUS, BUS_BEFORE, SOURCES

from .builds import Build, Object, Pod
from .rules import secrets_read

Whole = Callable[[Build], Iterator[str]]
_APART_MINUTES = 10


def has_all_of_each_service(build: Build) -> Iterator[str]:
    """What one service has, each has; the worker is expiration's other process."""
    kinds = ("Deployment", "Service", "ServiceAccount")
    wanted = {(kind, name) for kind in kinds for name in SERVICES} | {("Deployment", WORKER)}
    wanted |= {(kind, f"{name}-mongo") for kind in ("StatefulSet", "Service") for name in SERVICES}
    wanted |= {("CronJob", f"{name}-{job}") for job in ("command", "backup") for name in SERVICES}
    wanted |= {("CronJob", "audit"), ("CronJob", "operator"), ("Job", "streams")}
    there = {(one["kind"], one["metadata"]["name"]) for one in build.objects}
    yield from (f"{kind}/{name} is missing" for kind, name in sorted(wanted - there))
    yield from (f"{name} has no settings" for name in SERVICES if not build.config(f"{name}-settings"))
    for name, account in build.of("ServiceAccount").items():
        if account.get("automountServiceAccountToken") is not False:
            yield f"the account {name} hands out tokens"


def names_what_is_there(build: Build) -> Iterator[str]:
    """Every ConfigMap, volume, account and port that something names."""
    for pod in build.pods:
        if (account := pod.spec.get("serviceAccountName")) and account not in build.of("ServiceAccount"):
            yield f"{pod.name} runs as {account}, whom nobody knows"
        for kind, name in _named(pod):
            if name not in build.of(kind):
                yield f"{pod.name} needs the {kind} {name}"
    for name, service in build.of("Service").items():
        ports = {port.get("name") for pod in _selected(build, service) for port in _ports(pod)}
        missing = {port["targetPort"] for port in service["spec"]["ports"]} - ports
        yield from (f"the Service {name} leads to the port {port}, which is nobody's" for port in sorted(missing))


def _named(pod: Pod) -> Iterator[tuple[str, str]]:
    for one in pod.containers:
        sources = [found["configMapRef"] for found in one.get("envFrom", []) if "configMapRef" in found]
        yield from (("ConfigMap", found["name"]) for found in sources)
    for volume in pod.spec.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def reads_secrets_that_are_made(build: Build) -> Iterator[str]:
    """By `make secrets`, with just these keys."""
    made = recipes(Overlay("", tuple(build.objects)), ClusterSettings(), tls=True)
    known = {(one.name, key) for one in made for key in ("", *one.keys)}
    for pod in build.pods:
        for one in pod.containers:
            missing = set(secrets_read(pod, one)) - known
            yield from (f"{pod.name} reads {key or 'all'} of {name}, which nobody makes" for name, key in missing)
    for one in build.of("Ingress").values():
        missing = {part["secretName"] for part in one["spec"]["tls"]} - {name for name, _ in known}
        yield from (f"{one['metadata']['name']} needs {name}, which nobody makes" for name in missing)


def _ports(pod: Pod) -> list[Mapping[str, Any]]:
    return [port for one in pod.containers for port in one.get("ports", [])]


def _selected(build: Build, service: Object) -> list[Pod]:
    wanted = service["spec"]["selector"].items()
    return [pod for pod in build.pods if wanted <= pod.labels.items()]


def selects_its_own(build: Build) -> Iterator[str]:
    """A Service leads to the pods of one workload, and no workload takes another's for its own."""
    for name, service in build.of("Service").items():
        owners = sorted({pod.name for pod in _selected(build, service)})
        if len(owners) != 1:
            yield f"the Service {name} leads to {', '.join(owners) or 'nobody'}"
    for pod in build.pods:
        if pod.lasts:
            wanted = pod.owner["spec"]["selector"]["matchLabels"].items()
            owners = sorted({one.name for one in build.pods if wanted <= one.labels.items()})
            if owners != [pod.name]:
                yield f"{pod.name} takes for its own: {', '.join(owners)}"


def can_lose_one(build: Build) -> Iterator[str]:
    """In production: two of each at least, three where a majority decides, and never the last is taken away."""
    if not build.is_prod:
        return
    for pod in build.pods:
        if not pod.lasts or pod.component not in {"service", "worker", "database", "bus"}:
            continue
        count = _count(build, pod)
        if count < (3 if pod.component in {"database", "bus"} else 2):
            yield f"{pod.name} is {count}"
        going = [_may_go(budget["spec"], count) for budget in _budgets(build, pod)]
        if len(going) != 1 or not 1 <= going[0] < count:
            yield f"of {pod.name} ({count}) may go at once: {going}"
        if not _is_spread(pod):
            yield f"{pod.name} may all be on one node"


def _count(build: Build, pod: Pod) -> int:
    scalers = [one["spec"] for one in build.of("HorizontalPodAutoscaler").values()]
    target = {"kind": pod.owner["kind"], "name": pod.owner["metadata"]["name"]}
    least = [one["minReplicas"] for one in scalers if target.items() <= one["scaleTargetRef"].items()]
    if least and "replicas" in pod.owner["spec"]:
        return 0  # two say how many, and each apply takes back what the other has done
    return int(least[0] if least else pod.owner["spec"].get("replicas", 1))


def _budgets(build: Build, pod: Pod) -> list[Object]:
    found = build.of("PodDisruptionBudget").values()
    return [one for one in found if one["spec"]["selector"]["matchLabels"].items() <= pod.labels.items()]


def _may_go(budget: Mapping[str, Any], count: int) -> int:
    if "maxUnavailable" in budget:
        return _share(budget["maxUnavailable"], count)
    return count - _share(budget["minAvailable"], count)


def _share(said: int | str, count: int) -> int:
    return math.ceil(int(said.rstrip("%")) * count / 100) if isinstance(said, str) else said


def _is_spread(pod: Pod) -> bool:
    apart = pod.spec.get("affinity", {}).get("podAntiAffinity")
    keys = {one["topologyKey"] for one in pod.spec.get("topologySpreadConstraints", [])}
    return bool(apart) or "kubernetes.io/hostname" in keys


def scales_every_service(build: Build) -> Iterator[str]:
    """In production each service has somebody who says how many there are; elsewhere there is one."""
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in build.of("HorizontalPodAutoscaler").values()}
    if scaled != (set(SERVICES) if build.is_prod else set()):
        yield f"scaled are {sorted(scaled)}"
    for pod in build.pods:
        if not build.is_prod and pod.lasts and pod.owner["spec"].get("replicas", 1) != 1:
            yield f"{pod.name} is more than one"


def backs_up_in_turn(build: Build) -> Iterator[str]:
    """One after the other, since they share a volume; each into its own folder; nowhere but in production by itself."""
    minutes = []
    for name, job in build.of("CronJob").items():
        by_itself = name.endswith("-backup") and build.is_prod
        if job["spec"].get("suspend", False) == by_itself:
            yield f"{name} is {'not ' * (not by_itself)}suspended"
        if name.endswith("-backup"):
            minute, hour, *_ = job["spec"]["schedule"].split()
            minutes.append(int(hour) * 60 + int(minute))
            mounts = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
            if {"name": "backups", "mountPath": "/backups", "subPath": name.removesuffix("-backup")} not in mounts:
                yield f"{name} writes into another's folder"
    minutes.sort()
    if any(later - sooner < _APART_MINUTES for sooner, later in itertools.pairwise(minutes)):
        yield "two backups want the volume at the same time"


def audits_everybody_twice(build: Build) -> Iterator[str]:
    """Each look asks the bus first and last, and in between every source once, in an image of its own."""
    spec = build.of("CronJob")["audit"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for look in ("1", "2"):
        said = [one for one in spec["initContainers"] if one["args"][0] == look]
        files = [one["args"][3] if one["args"][2] in {"state", "intents"} else one["args"][1] for one in said]
        if files[:1] != [BUS_BEFORE] or files[-1:] != [BUS] or sorted(files[1:-1]) != sorted(SOURCES):
            yield f"look {look} has {files}"
        for one in said[1:-1]:
            if one["image"].partition(":")[0] != f"ticketing/{one['args'][1]}":
                yield f"{one['name']} asks {one['args'][1]} with {one['image']}"
    order = [one["args"][0] for one in spec["initContainers"]]
    if order != sorted(order):
        yield "the looks overlap"
    pause = [float(one["args"][2]) for one in spec["initContainers"] if one["args"][:2] == ["1", BUS]]
    if pause != [5.0]:
        yield "the second look comes too soon"


WHOLES: tuple[Whole, ...] = (
    has_all_of_each_service,
    names_what_is_there,
    reads_secrets_that_are_made,
    selects_its_own,
    can_lose_one,
    scales_every_service,
    backs_up_in_turn,
    audits_everybody_twice,
)
