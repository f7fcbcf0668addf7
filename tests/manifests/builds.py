"""What kustomize makes of infra: every overlay, alone and with each sensible set of components."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.repo.services import ROOT

INFRA = ROOT / "infra"
_KUBECTL = Path(sys.executable).with_name("kubectl")
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """An overlay, and the components that are laid over it."""

    overlay: str
    components: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As a test is called."""
        return " + ".join([self.overlay, *self.components])


_GATEWAY = ("gateway-api", "gateway-api/stand-ins")
RECIPES = (
    Recipe("k8s-dev"),
    Recipe("k8s-dev", ("metrics", *_GATEWAY)),
    Recipe("k8s-dev/live"),
    Recipe("k8s-dev/gateway-api"),
    Recipe("k8s-dev/gateway-api", ("metrics", "live-code")),
    Recipe("k8s-dev/no-ingress"),
    Recipe("k8s-prod"),
    Recipe("k8s-prod", ("gateway-api",)),
    Recipe("k8s-prod", ("stand-ins",)),
    Recipe("k8s-prod", ("stand-ins", "metrics", *_GATEWAY)),
)


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod template, and the object that it is the template of."""

    owner: Object
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people find it."""
        return f"{self.owner['kind']}/{self.owner['metadata']['name']}"

    @property
    def component(self) -> str:
        """What kind of thing it is."""
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def service(self) -> str:
        """Whose it is."""
        return self.labels.get("app.kubernetes.io/name", "")

    @property
    def job(self) -> str:
        """What the job is for."""
        return self.labels.get("ticketing.dev/job", "")

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """All that run in it, also those that only prepare it."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def lasts(self) -> bool:
        """Whether it is there to stay."""
        return self.owner["kind"] in {"Deployment", "StatefulSet"}


@dataclass(frozen=True)
class Build:
    """Everything that `kubectl apply` would be given."""

    recipe: Recipe
    objects: list[Object]

    @property
    def is_prod(self) -> bool:
        """Whether people's money is meant."""
        return self.recipe.overlay == "k8s-prod"

    @property
    def has_stand_ins(self) -> bool:
        """Whether Stripe is played."""
        return not self.is_prod or "stand-ins" in self.recipe.components

    @cached_property
    def pods(self) -> list[Pod]:
        """Every pod template."""
        return [pod for one in self.objects for pod in _pods(one)]

    def of(self, kind: str) -> dict[str, Object]:
        """All of a kind, by name."""
        return {one["metadata"]["name"]: one for one in self.objects if one["kind"] == kind}

    def config(self, name: str) -> dict[str, str]:
        """What a ConfigMap says, whatever kustomize has made of its name."""
        found = [one for key, one in self.of("ConfigMap").items() if key == name or key.rpartition("-")[0] == name]
        return dict(found[0]["data"]) if found else {}


def _pods(one: Object) -> Iterator[Pod]:
    spec = one.get("spec", {})
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if one["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}:
        template = spec["template"]
        yield Pod(one, template["metadata"].get("labels", {}), template["spec"])
    elif one["kind"] == "Pod":
        yield Pod(one, one["metadata"].get("labels", {}), spec)


def build(recipe: Recipe, scratch: Path) -> Build:
    """What kustomize makes of it, in a kustomization of its own where components are laid over."""
    folder = INFRA / recipe.overlay
    if recipe.components:
        folder = scratch / recipe.name.replace("/", "-").replace(" ", "")
        folder.mkdir(parents=True)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(_over(recipe, folder)))
    made = subprocess.run([_KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"{recipe.name}: {made.stderr.strip()[-1000:]}"
    return Build(recipe, list(yaml.load_all(made.stdout, Loader=yaml.CSafeLoader)))


def _over(recipe: Recipe, folder: Path) -> Object:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "ticketing",
        "resources": [os.path.relpath(INFRA / recipe.overlay, folder)],
        "components": [os.path.relpath(INFRA / "components" / one, folder) for one in recipe.components],
    }
