"""Every overlay builds, with every sensible set of components, and what it builds is what Kubernetes' schemas say."""

import json
from functools import cache
from typing import Any

import pytest
import yaml
from kubernetes_validate import SchemaNotFoundError, ValidationError, utils

from .builds import INFRA, RECIPES, Build, Object, Recipe

NEWEST = sorted(set(utils.all_versions()), key=lambda version: [int(part) for part in version.split(".")])[-3:]
_SCHEMAS = cache(utils.schema_contents)
NO_SCHEMA = {"gateway.networking.k8s.io/v1": {"Gateway", "HTTPRoute"}}
"""Kinds that are not Kubernetes' own: the validator can only warn of them."""


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The validator reads a schema of some megabytes for every object anew."""
    monkeypatch.setattr(utils, "schema_contents", _SCHEMAS)


def wrong(one: Object, version: str) -> str:
    """What is wrong with an object, also what the validator would only warn of; empty if nothing."""
    try:
        utils.validate(one, version, strict=True)
    except ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message[:200]}"
    except SchemaNotFoundError as error:
        return "" if one["kind"] in NO_SCHEMA.get(one["apiVersion"], ()) else error.message
    return ""


@pytest.mark.parametrize("version", NEWEST)
def test_it_is_valid(version: str, builds: dict[Recipe, Build]) -> None:
    different = {json.dumps(one, sort_keys=True): one for build in builds.values() for one in build.objects}
    found = {f"{one['kind']}/{one['metadata']['name']}": wrong(one, version) for one in different.values()}
    assert {name: what for name, what in found.items() if what} == {}
    assert len(different) > 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spec": {"replicas": "three", "selector": {}, "template": {}}}, "replicas"),
        ({"spec": {"selector": {}, "template": {}, "replicsa": 3}}, "replicsa"),
        ({"apiVersion": "extensions/v1beta1"}, "Couldn't find schema"),
        ({"kind": "Deploymnet"}, "Couldn't find schema"),
        ({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "TCPRoute"}, "Couldn't find schema"),
    ],
    ids=["wrong type", "unknown field", "old version", "unknown kind", "kind that is not on the list"],
)
def test_what_is_not_is_noticed(change: dict[str, Any], said: str) -> None:
    good = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "one"}}
    assert said in wrong(good | change, NEWEST[-1])


def test_there_are_no_two_of_a_name(built: Build) -> None:
    names = [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in built.objects]
    assert [name for name in names if names.count(name) > 1] == []


def test_all_is_in_one_namespace_that_refuses_what_is_not_restricted(built: Build) -> None:
    elsewhere = [one["metadata"]["name"] for one in built.objects if one["metadata"].get("namespace") != "ticketing"]
    assert elsewhere == ["ticketing"]
    labels = built.of("Namespace")["ticketing"]["metadata"]["labels"]
    levels = {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")}
    assert levels == {"restricted"}


def test_every_overlay_and_component_is_looked_at() -> None:
    kinds: dict[str, set[str]] = {"Kustomization": set(), "Component": set()}
    used = {one for recipe in RECIPES for one in recipe.components}
    for path in INFRA.glob("*/**/kustomization.yaml"):
        said = yaml.safe_load(path.read_text())
        kinds[said["kind"]].add(str(path.parent.relative_to(INFRA)))
        if path.relative_to(INFRA).parts[0] in {"k8s-dev", "k8s-prod"}:
            used |= {one.rpartition("components/")[2] for one in said.get("components", [])}
    overlays = {one for one in kinds["Kustomization"] if one.startswith("k8s-")} - {"k8s-dev/plain"}
    components = {one.removeprefix("components/") for one in kinds["Component"] if one.startswith("components/")}
    assert overlays == {recipe.overlay for recipe in RECIPES}
    assert components == used


def test_no_secret_is_made_of_what_is_in_the_repository(built: Build) -> None:
    assert built.of("Secret") == {}
