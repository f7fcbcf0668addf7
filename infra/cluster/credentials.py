"""Makes what a cluster lacks of the secrets, or prints the commands that would; what exists is never overwritten."""

import base64
import json
import shlex
from collections.abc import Callable, Iterable, Mapping

from .errors import ClusterError
from .kubectl import NAMESPACE, Json, Kubectl
from .overlay import Overlay, Workload
from .recipes import Recipe, missing

Say = Callable[[str], object]
_LABELS = {"app.kubernetes.io/part-of": "ticketing"}


def make_missing(kubectl: Kubectl, overlay: Overlay, recipes: Iterable[Recipe], say: Say) -> None:
    """Every secret, and every key of one, that is not there; `ClusterError` at the end names what could not be made."""
    _require_namespace(kubectl, overlay)
    there = {one["metadata"]["name"]: one for one in kubectl.all("secrets")}
    volumes = {one["metadata"]["name"] for one in kubectl.all("persistentvolumeclaims")}
    troubles = []
    for recipe in recipes:
        try:
            _make(kubectl, recipe, there.get(recipe.name), volumes, say)
        except ClusterError as error:
            troubles.append(str(error))
    if troubles:
        raise ClusterError("\n".join(troubles))


def _make(kubectl: Kubectl, recipe: Recipe, present: Json | None, volumes: set[str], say: Say) -> None:
    if present is None and recipe.volume in volumes:
        raise ClusterError(
            f"{recipe.name} is missing, and the volume {recipe.volume} knows its passwords: put the secret back, "
            "or delete the volume and all that it holds."
        )
    data = missing(recipe, {} if present is None else decoded(present))
    if present is None:
        kubectl.create(_secret(recipe, data))
        say(f"  {recipe.name}: made, with {', '.join(recipe.keys)}")
    elif data:
        kubectl.replace(present | {"stringData": data})
        say(f"  {recipe.name}: {', '.join(data)} added")


def commands(recipes: Iterable[Recipe]) -> str:
    """The same as commands for a shell, all values fresh."""
    lines = [f"kubectl create namespace {NAMESPACE} --dry-run=client --output yaml | kubectl apply --filename -"]
    for recipe in recipes:
        try:
            data = missing(recipe, {})
        except ClusterError as error:
            lines.append(f"# {error}")
            data = dict.fromkeys(recipe.keys, "...")
        kind = () if recipe.kind == "Opaque" else (f"--type={recipe.kind}",)
        literals = [f"--from-literal={key}={value}" for key, value in data.items()]
        lines.append(
            shlex.join(("kubectl", "--namespace", NAMESPACE, "create", "secret", "generic", recipe.name, *kind))
            + "".join(f" \\\n  {shlex.quote(literal)}" for literal in literals)
        )
    return "\n".join(lines) + "\n"


def decoded(secret: Mapping[str, Json]) -> dict[str, str]:
    """What a secret holds."""
    data: Mapping[str, str] = secret.get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def readers(kubectl: Kubectl, secret: str) -> list[Workload]:
    """Who reads this secret when it starts, from its environment or a volume."""
    found = kubectl.all("deployments.apps,statefulsets.apps")
    return [(one["kind"], one["metadata"]["name"]) for one in found if secret in _read(one["spec"]["template"]["spec"])]


def _read(pod: Json) -> set[str]:
    containers = [*pod.get("initContainers", ()), *pod["containers"]]
    variables = [each.get("valueFrom", {}) for one in containers for each in one.get("env", ())]
    names = [each.get("secretKeyRef", {}).get("name") for each in variables]
    names += [each.get("secretRef", {}).get("name") for one in containers for each in one.get("envFrom", ())]
    names += [each.get("secret", {}).get("secretName") for each in pod.get("volumes", ())]
    return {name for name in names if name}


def _secret(recipe: Recipe, data: Mapping[str, str]) -> Json:
    metadata = {"name": recipe.name, "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": recipe.kind, "stringData": data}


def _require_namespace(kubectl: Kubectl, overlay: Overlay) -> None:
    if kubectl.find("namespace", NAMESPACE) is None:
        plain = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        kubectl.apply(json.dumps(overlay.namespace or plain))
