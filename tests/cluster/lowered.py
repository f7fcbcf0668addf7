"""An overlay on top of the one for production that fits a node of two cores: less of everything, the same shape."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.local.layout import REPOSITORY

from . import pods as read
from .kubectl import Json

PROD = REPOSITORY / "infra" / "k8s-prod"
STAND_INS = REPOSITORY / "infra" / "components" / "stand-ins"
REQUESTS = {"cpu": "5m", "memory": "32Mi"}
REPLICAS = 2
STORAGE = "256Mi"
_SOFT = "ScheduleAnyway"
Operations = list[Json]


def write(folder: Path, objects: Iterable[Json]) -> None:
    """The overlay into a folder, where kustomize and `python -m infra.cluster up --overlay` take it from."""
    folder.mkdir(parents=True, exist_ok=True)
    every = list(objects)
    (folder / "kustomization.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "namespace": "ticketing",
                "resources": [os.path.relpath(PROD, folder.resolve())],
                "components": [os.path.relpath(STAND_INS, folder.resolve())],
                "images": list(without_digests(every)),
                "patches": [
                    {"target": {"kind": one["kind"], "name": read.name(one)}, "patch": json.dumps(found)}
                    for one in every
                    if (found := operations(one))
                ],
            },
            indent=1,
        )
    )


def operations(thing: Json) -> Operations:
    """What has to change in one object, as JSON Patch."""
    if thing["kind"] == "HorizontalPodAutoscaler":
        return [{"op": "add", "path": f"/spec/{which}Replicas", "value": REPLICAS} for which in ("min", "max")]
    where = _template(thing)
    if where is None:
        return []
    spec = thing
    for part in where.strip("/").split("/"):
        spec = spec[part]
    claims = thing["spec"].get("volumeClaimTemplates", [])
    path = "/spec/volumeClaimTemplates/{}/spec/resources/requests/storage"
    storage = [{"op": "add", "path": path.format(number), "value": STORAGE} for number in range(len(claims))]
    return [*_requests(where, spec), *_scheduling(where, spec), *storage]


def _template(thing: Json) -> str | None:
    """Where in an object the pod's own description is."""
    if thing["kind"] in {"Deployment", "StatefulSet", "Job"}:
        return "/spec/template/spec"
    return "/spec/jobTemplate/spec/template/spec" if thing["kind"] == "CronJob" else None


def _requests(where: str, spec: Json) -> Iterator[Json]:
    for which in ("initContainers", "containers"):
        for number, box in enumerate(spec.get(which, [])):
            if "requests" in box.get("resources", {}):
                yield {"op": "add", "path": f"{where}/{which}/{number}/resources/requests", "value": REQUESTS}


def _scheduling(where: str, spec: Json) -> Iterator[Json]:
    """What has to be on different nodes may be on one."""
    for number, one in enumerate(spec.get("topologySpreadConstraints", [])):
        if one.get("whenUnsatisfiable") != _SOFT:
            path = f"{where}/topologySpreadConstraints/{number}/whenUnsatisfiable"
            yield {"op": "add", "path": path, "value": _SOFT}
    for kind, affinity in spec.get("affinity", {}).items():
        hard = "requiredDuringSchedulingIgnoredDuringExecution"
        if kind.startswith("pod") and hard in affinity:
            wishes = [{"weight": 100, "podAffinityTerm": term} for term in affinity[hard]]
            path = f"{where}/affinity/{kind}"
            yield {"op": "add", "path": path, "value": {"preferredDuringSchedulingIgnoredDuringExecution": wishes}}


def without_digests(objects: Iterable[Json]) -> Iterator[Json]:
    """Images by tag alone: one with a digest can only be pulled, and not every cluster reaches a registry."""
    seen = set[str]()
    for one in objects:
        where = _template(one)
        if where is None:
            continue
        spec = one
        for part in where.strip("/").split("/"):
            spec = spec[part]
        for box in read.containers(spec):
            named, _, digest = box["image"].partition("@")
            stem, _, tag = named.rpartition(":")
            if digest and stem not in seen:
                seen.add(stem)
                yield {"name": stem, "newTag": tag, "digest": ""}
