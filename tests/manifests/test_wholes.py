"""Every build keeps to what is asked of a whole; and each rule notices what is missing or wrong."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.services import SERVICES
from tests.repo.services import SERVICES as ALL

from .builds import Build, Object, Recipe
from .wholes import (
    WHOLES,
    Whole,
    audits_everybody_twice,
    backs_up_in_turn,
    can_lose_one,
    has_all_of_each_service,
    names_what_is_there,
    reads_secrets_that_are_made,
    scales_every_service,
    selects_its_own,
)

PROD = Recipe("k8s-prod")


@pytest.mark.parametrize("whole", WHOLES, ids=lambda whole: whole.__name__)
def test_every_build_keeps_to_it(whole: Whole, built: Build) -> None:
    assert list(whole(built)) == []


def _without(kind: str, name: str) -> Callable[[list[Object]], None]:
    def spoil(objects: list[Object]) -> None:
        objects.remove(_find(objects, kind, name))

    return spoil


def _find(objects: list[Object], kind: str, name: str) -> Object:
    return next(
        one
        for one in objects
        if one["kind"] == kind
        and (one["metadata"]["name"] == name or (kind == "ConfigMap" and one["metadata"]["name"].startswith(name)))
    )


def _set(kind: str, name: str, path: str, value: object) -> Callable[[list[Object]], None]:
    def spoil(objects: list[Object]) -> None:
        place: Any = _find(objects, kind, name)
        *ways, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for way in ways:
            place = place[way]
        place[last] = value

    return spoil


_AUDITED = "spec/jobTemplate/spec/template/spec/initContainers"
_KEY = "valueFrom/secretKeyRef"
_ENV = "spec/template/spec/containers/0/env"
_BUDGET = ("PodDisruptionBudget", "orders", "spec")
BROKEN = [
    *(
        (has_all_of_each_service, _without(kind, name), f"{name} is missing")
        for kind, name in (
            ("Deployment", "orders"),
            ("Deployment", "expiration-worker"),
            ("Service", "orders"),
            ("ServiceAccount", "orders"),
            ("StatefulSet", "orders-mongo"),
            ("CronJob", "orders-backup"),
            ("CronJob", "audit"),
        )
    ),
    (has_all_of_each_service, _without("ConfigMap", "orders-settings"), "no settings"),
    (has_all_of_each_service, _set("ServiceAccount", "orders", "automountServiceAccountToken", True), "tokens"),
    (names_what_is_there, _without("ServiceAccount", "orders"), "nobody knows"),
    (names_what_is_there, _without("ConfigMap", "orders-settings"), "needs the ConfigMap"),
    (names_what_is_there, _without("PersistentVolumeClaim", "backups"), "needs the PersistentVolumeClaim"),
    (names_what_is_there, _set("Service", "orders", "spec/ports/0/targetPort", "htpp"), "nobody's"),
    (
        reads_secrets_that_are_made,
        _set("Deployment", "orders", f"{_ENV}/0/{_KEY}/key", "pasword"),
        "pasword",
    ),
    (
        reads_secrets_that_are_made,
        _set("Deployment", "orders", f"{_ENV}/0/{_KEY}/name", "mongo"),
        "mongo",
    ),
    (selects_its_own, _set("Service", "orders", "spec/selector", {"app.kubernetes.io/name": "orders"}), "leads to"),
    (selects_its_own, _set("Service", "orders", "spec/selector", {"app.kubernetes.io/name": "x"}), "leads to nobody"),
    (
        selects_its_own,
        _set("Deployment", "orders", "spec/selector/matchLabels", {"app.kubernetes.io/name": "orders"}),
        "takes for its own",
    ),
    (can_lose_one, _without("PodDisruptionBudget", "orders"), "Deployment/orders (2) may go at once: []"),
    (can_lose_one, _set(*_BUDGET, {"maxUnavailable": 2, "selector": {"matchLabels": {}}}), "may go at once"),
    (can_lose_one, _set("HorizontalPodAutoscaler", "orders", "spec/minReplicas", 1), "Deployment/orders is 1"),
    (can_lose_one, _set("Deployment", "orders", "spec/replicas", 2), "Deployment/orders is 0"),
    (can_lose_one, _set("StatefulSet", "orders-mongo", "spec/replicas", 2), "StatefulSet/orders-mongo is 2"),
    (can_lose_one, _set("Deployment", "orders", "spec/template/spec/topologySpreadConstraints", []), "on one node"),
    (scales_every_service, _without("HorizontalPodAutoscaler", "orders"), "scaled are"),
    (backs_up_in_turn, _set("CronJob", "orders-backup", "spec/suspend", True), "orders-backup is suspended"),
    (backs_up_in_turn, _set("CronJob", "orders-command", "spec/suspend", False), "orders-command is not suspended"),
    (backs_up_in_turn, _set("CronJob", "orders-backup", "spec/schedule", "5 2 * * *"), "at the same time"),
    (
        backs_up_in_turn,
        _set("CronJob", "orders-backup", "spec/jobTemplate/spec/template/spec/containers/0/volumeMounts", []),
        "another's folder",
    ),
    (audits_everybody_twice, _set("CronJob", "audit", f"{_AUDITED}/3/args/3", "tickets"), "look 1 has"),
    (audits_everybody_twice, _set("CronJob", "audit", f"{_AUDITED}/3/args/0", "2"), "overlap"),
    (audits_everybody_twice, _set("CronJob", "audit", f"{_AUDITED}/3/image", "ticketing/auth:latest"), "asks orders"),
    (audits_everybody_twice, _set("CronJob", "audit", f"{_AUDITED}/9/args/2", "0"), "too soon"),
]


@pytest.mark.parametrize(
    ("whole", "spoil", "said"), BROKEN, ids=[f"{one.__name__}-{n}" for n, (one, _, _) in enumerate(BROKEN)]
)
def test_it_notices(
    whole: Whole, spoil: Callable[[list[Object]], None], said: str, builds: dict[Recipe, Build]
) -> None:
    objects = copy.deepcopy(builds[PROD].objects)
    spoil(objects)
    assert said in "; ".join(whole(Build(PROD, objects)))


def test_a_new_service_is_missed() -> None:
    """What is asked for each service here is asked for all that the repository knows."""
    assert {service.name for service in ALL} == set(SERVICES)


def test_every_rule_has_noticed_something() -> None:
    assert {whole for whole, _, _ in BROKEN} == set(WHOLES)
