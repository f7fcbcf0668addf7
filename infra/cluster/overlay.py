"""An overlay as it comes out of kustomize, with the images that are to run."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.local.layout import REPOSITORY
from infra.local.services import SERVICES

from .errors import ClusterError
from .kubectl import Json, renderer
from .shell import run

IMAGES = (*SERVICES, "ops")
"""Everything of ours that is built, by the last part of its name."""
PREFIX = "ticketing"
TLS_SECRET = "ticketing-tls"  # noqa: S105 (its name)
_WORKLOADS = ("Deployment", "StatefulSet", "Job")
Workload = tuple[str, str]
"""Kind and name."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """`text`: as it is applied. `objects`: the same, read."""

    text: str
    objects: tuple[Json, ...]

    @property
    def workloads(self) -> list[Workload]:
        """What has to run, or to have run, before the product does."""
        return [(one["kind"], one["metadata"]["name"]) for one in self.objects if one["kind"] in _WORKLOADS]

    @property
    def jobs(self) -> list[str]:
        """What is done once, each time that the overlay is applied."""
        return [name for kind, name in self.workloads if kind == "Job"]

    def plays(self, part: str) -> bool:
        """Whether a stand-in plays it: `stripe` has no money, and `mail` delivers none."""
        return ("Deployment", part) in self.workloads

    @property
    def namespace(self) -> Json | None:
        """The object that makes it, with the labels that its pods are judged by."""
        return next((one for one in self.objects if one["kind"] == "Namespace"), None)

    @property
    def hosts(self) -> list[str]:
        """The names that its certificate has to be good for."""
        tls = [part for one in self.objects if one["kind"] == "Ingress" for part in one["spec"].get("tls", ())]
        hosts = [host for part in tls if part.get("secretName") == TLS_SECRET for host in part.get("hosts", ())]
        listeners = [part for one in self.objects if one["kind"] == "Gateway" for part in one["spec"]["listeners"]]
        hosts += [part["hostname"] for part in listeners if "tls" in part and "hostname" in part]
        return list(dict.fromkeys(hosts)) or ["ticketing.dev"]


def render(folder: Path, *, tag: str = "", registry: str = "") -> Overlay:
    """Builds the overlay; with a `tag`, our images have this one, and come from the `registry` if one is given."""
    folder = (REPOSITORY / folder).resolve()
    if not (folder / "kustomization.yaml").is_file():
        raise ClusterError(f"{folder} holds no kustomization.yaml: name an overlay, such as infra/k8s-dev.")
    with tempfile.TemporaryDirectory() as name:
        above = Path(name).resolve()
        text = json.dumps({"resources": [os.path.relpath(folder, above)], "images": _images(tag, registry)})
        (above / "kustomization.yaml").write_text(text)
        answer = run((renderer(), "kustomize", above))
    if answer.code:
        raise ClusterError(f"{folder} cannot be built: {answer.complaint}.")
    return Overlay(answer.out, tuple(one for one in yaml.safe_load_all(answer.out) if one))


def full_name(image: str, tag: str, registry: str = "") -> str:
    """As builders and nodes know it. Without a registry it is the one that a short name means to a cluster."""
    return f"{registry or f'docker.io/{PREFIX}'}/{image}:{tag}"


def _images(tag: str, registry: str) -> list[Json]:
    if not tag:
        return []
    moved = {image: {"newName": f"{registry}/{image}"} if registry else {} for image in IMAGES}
    return [{"name": f"{PREFIX}/{image}", "newTag": tag, **moved[image]} for image in IMAGES]
