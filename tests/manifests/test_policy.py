"""Every pod keeps to every rule, in every build; and each rule refuses a pod that does not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from .builds import RECIPES, Build, Object, Pod, Recipe
from .rules import (
    RULES,
    Rule,
    containers_locked,
    labelled,
    leaves_in_time,
    no_token,
    pinned,
    pod_locked,
    probed,
    reads_only_its_own,
    says_no_secret,
    sized,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_pod_keeps_to_it(rule: Rule, built: Build) -> None:
    assert [f"{pod.name} {what}" for pod in built.pods for what in rule(built, pod)] == []


@pytest.fixture
def good(builds: dict[Recipe, Build]) -> tuple[Build, Object]:
    """A service that keeps to all of them, to be spoilt."""
    build = builds[RECIPES[0]]
    return build, copy.deepcopy(build.of("Deployment")["orders"])


def _set(path: str, value: object) -> Callable[[Object], None]:
    """Spoils one place of the pod; None takes it away."""

    def change(spec: Any) -> None:
        *ways, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for way in ways:
            spec = spec[way]
        if value is None:
            del spec[last]
        else:
            spec[last] = value

    return change


_FIRST = "containers/0"
_LITERAL = [{"name": "NATS_PASSWORD", "value": "hunter2"}]
_IN_URL = [{"name": "MONGO_URL", "value": "mongodb://orders:hunter2@orders-mongo/orders"}]
_BARE = {"name": "more", "image": "ticketing/ops:latest", "imagePullPolicy": "IfNotPresent"}


def _env(name: str, secret: str, key: str) -> list[Object]:
    return [{"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}]


BROKEN = [
    (no_token, _set("automountServiceAccountToken", True), "token"),
    (no_token, _set("automountServiceAccountToken", None), "token"),
    (no_token, _set("enableServiceLinks", None), "environment"),
    (probed, _set(f"{_FIRST}/startupProbe", None), "no startup probe"),
    (probed, _set(f"{_FIRST}/livenessProbe", None), "no liveness probe"),
    (probed, _set(f"{_FIRST}/readinessProbe", None), "no readiness probe"),
    (probed, _set(f"{_FIRST}/livenessProbe/httpGet/path", "/readyz"), "not asked for /livez"),
    (probed, _set(f"{_FIRST}/readinessProbe/httpGet/path", "/livez"), "not asked for /readyz"),
    (sized, _set(f"{_FIRST}/resources", None), "no requests"),
    (sized, _set(f"{_FIRST}/resources/requests/cpu", None), "no requests"),
    (sized, _set(f"{_FIRST}/resources/limits", {}), "no limit"),
    (sized, _set(f"{_FIRST}/resources/limits/cpu", "1"), "throttled"),
    (sized, _set("initContainers", [_BARE]), "more has no requests"),
    (sized, _set("volumes/0/emptyDir", {}), "fill the node"),
    (pod_locked, _set("securityContext", None), "may be root"),
    (pod_locked, _set("securityContext/seccompProfile", None), "kernel"),
    (pod_locked, _set("hostNetwork", True), "namespaces"),
    (pod_locked, _set("volumes", [{"name": "tmp", "hostPath": {"path": "/"}}]), "node's files"),
    (containers_locked, _set(f"{_FIRST}/securityContext", None), "may write to its root"),
    (containers_locked, _set(f"{_FIRST}/securityContext/allowPrivilegeEscalation", True), "may become more"),
    (containers_locked, _set(f"{_FIRST}/securityContext/capabilities/add", ["NET_RAW"]), "capabilities"),
    (containers_locked, _set(f"{_FIRST}/securityContext/readOnlyRootFilesystem", None), "may write to its root"),
    (containers_locked, _set(f"{_FIRST}/securityContext/runAsUser", 0), "is root"),
    (containers_locked, _set("initContainers", [_BARE]), "more may write"),
    (leaves_in_time, _set("terminationGracePeriodSeconds", 30), "killed after 30 s"),
    (leaves_in_time, _set("terminationGracePeriodSeconds", None), "killed after 30 s"),
    (pinned, _set(f"{_FIRST}/image", "redis:7"), "may be anything"),
    (pinned, _set(f"{_FIRST}/image", "mongo"), "may be anything"),
    (pinned, _set(f"{_FIRST}/image", "somebody/orders:1.2.3"), "may be anything"),
    (pinned, _set(f"{_FIRST}/image", "ticketing/ordres:latest"), "built by nobody"),
    (pinned, _set(f"{_FIRST}/imagePullPolicy", "Always"), "would be fetched"),
    (says_no_secret, _set(f"{_FIRST}/env", _LITERAL), "says NATS_PASSWORD"),
    (says_no_secret, _set(f"{_FIRST}/env", _IN_URL), "password in MONGO_URL"),
    (says_no_secret, _set(f"{_FIRST}/args", ["--webhook-secret=whsec_1"]), "on its command line"),
    (reads_only_its_own, _set(f"{_FIRST}/env", _env("A", "jwt-secret", "JWT_PRIVATE_KEY")), "JWT_PRIVATE_KEY"),
    (reads_only_its_own, _set(f"{_FIRST}/env", _env("A", "stripe-secret", "STRIPE_KEY")), "STRIPE_KEY"),
    (reads_only_its_own, _set(f"{_FIRST}/env", _env("A", "tickets-mongo", "password")), "password of tickets-mongo"),
    (reads_only_its_own, _set(f"{_FIRST}/env", _env("A", "orders-mongo", "admin-password")), "admin-password"),
    (reads_only_its_own, _set(f"{_FIRST}/env", _env("A", "nats", "admin")), "admin of nats"),
    (reads_only_its_own, _set(f"{_FIRST}/envFrom", [{"secretRef": {"name": "nats"}}]), "all of nats"),
    (reads_only_its_own, _set("volumes/0", {"name": "tmp", "secret": {"secretName": "nats"}}), "all of nats"),
]


@pytest.mark.parametrize(
    ("rule", "spoil", "said"), BROKEN, ids=[f"{rule.__name__}-{said}-{n}" for n, (rule, _, said) in enumerate(BROKEN)]
)
def test_it_refuses_what_does_not(
    rule: Rule, spoil: Callable[[Object], None], said: str, good: tuple[Build, Object]
) -> None:
    build, owner = good
    template = owner["spec"]["template"]
    pod = Pod(owner, template["metadata"]["labels"], template["spec"])
    assert list(rule(build, pod)) == []
    spoil(template["spec"])
    assert said in "; ".join(rule(build, pod))


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("app.kubernetes.io/part-of", "", "no part"),
        ("app.kubernetes.io/component", "thing", "no component"),
        ("app.kubernetes.io/name", "ordres", "nobody"),
    ],
)
def test_it_refuses_labels_that_no_policy_knows(label: str, value: str, said: str, good: tuple[Build, Object]) -> None:
    build, owner = good
    template = owner["spec"]["template"]
    template["metadata"]["labels"][label] = value
    assert said in "; ".join(labelled(build, Pod(owner, template["metadata"]["labels"], template["spec"])))


def test_every_rule_has_refused_something() -> None:
    assert {rule for rule, _, _ in BROKEN} | {labelled} == set(RULES)
