"""The network policies of every build open exactly the table, and the test would notice if they did not."""

import copy
from collections.abc import Iterable
from typing import Any

import pytest

from .arrows import CERTIFICATE, COLLECTOR, DNS, INGRESS, NAME_SERVER, OUTSIDE, Arrow, arrows, kind
from .builds import RECIPES, Build, Object, Recipe
from .reach import HOME, Peer, opens

DEV, PROD = RECIPES[0], Recipe("k8s-prod")
CONTROLLER = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
ORDERS = {"app.kubernetes.io/part-of": "ticketing", "app.kubernetes.io/name": "orders"}
SERVICE = ORDERS | {"app.kubernetes.io/component": "service"}
KUBELET, API, ANYBODYS = 10250, 6443, (9, 22, 25, 53, 80, 443, 465, 587, 8089, 8443, 9153)
WITHIN = ("10.96.0.1", "172.20.0.2", "192.168.1.1", "100.64.0.1", "169.254.169.254", "fd00::1", "fe80::1")
"""The API server's address and others that are no part of the world outside; one of them tells a cloud's secrets."""


def strangers() -> list[Peer]:
    """Who is no part of the shop, and what is around it."""
    return [
        Peer(INGRESS, CONTROLLER, "ingress-nginx", ports={8000: "http", 8443: "https"}),
        Peer(NAME_SERVER, {"k8s-app": "kube-dns"}, "kube-system", ports={53: "dns", 9153: "metrics"}),
        Peer(COLLECTOR, {"ticketing.dev/metrics": "collector"}, "monitoring"),
        Peer(CERTIFICATE, {"acme.cert-manager.io/http01-solver": "true"}, ports={8089: ""}),
        Peer("a pod without labels"),
        Peer("somebody beside the ingress controller", {"app.kubernetes.io/name": "other"}, "ingress-nginx"),
        Peer("a controller at home", CONTROLLER),
        Peer("the orders of another namespace", SERVICE, "staging", ports={8000: "http"}),
        Peer("a database of another namespace", SERVICE | {"app.kubernetes.io/component": "database"}, "staging"),
        *(Peer(OUTSIDE, address=address) for address in ("203.0.113.1", "2001:db8::1")),
        *(Peer(f"within: {address}", address=address) for address in WITHIN),
    ]


def peers(build: Build) -> list[Peer]:
    """One for each kind of pod, and the strangers."""
    found = {}
    for pod in build.pods:
        ports = {port["containerPort"]: port["name"] for one in pod.containers for port in one.get("ports", [])}
        found[kind(pod.labels)] = Peer(kind(pod.labels), pod.labels, ports=ports)
    return [*found.values(), *strangers()]


def policies(build: Build) -> list[Object]:
    """All of them."""
    return list(build.of("NetworkPolicy").values())


def opening(build: Build, chosen: Iterable[Object], protocol: str = "TCP") -> frozenset[Arrow]:
    """What these policies open in this build."""
    around = peers(build)
    ports = {KUBELET, API, *ANYBODYS, *(port for one in around for port in one.ports)}
    return opens(around, list(chosen), ports, protocol)


def named(build: Build) -> frozenset[Arrow]:
    """Everybody at home may ask for names."""
    return frozenset((one.kind, NAME_SERVER, DNS) for one in peers(build) if one.namespace == HOME and not one.address)


def table(build: Build) -> frozenset[Arrow]:
    """What shall open in this build, and no more."""
    return named(build) | arrows(
        stand_ins=build.has_stand_ins,
        metrics="metrics" in build.recipe.components,
        gateway="gateway" in build.of("Deployment"),
        production=build.is_prod,
    )


def test_exactly_the_table_opens(built: Build) -> None:
    found, wanted = opening(built, policies(built)), table(built)
    assert {"missing": wanted - found, "too much": found - wanted} == {"missing": set(), "too much": set()}


def test_by_udp_one_may_ask_for_names_and_nothing_else(built: Build) -> None:
    assert opening(built, policies(built), "UDP") == named(built)


def test_the_table_names_who_is_there(built: Build) -> None:
    assert {who for arrow in table(built) for who in arrow[:2]} <= {one.kind for one in peers(built)}


def test_they_are_all_in_the_shops_namespace(built: Build) -> None:
    assert {one["metadata"]["namespace"] for one in policies(built)} == {HOME}


@pytest.mark.parametrize("recipe", [DEV, PROD], ids=lambda recipe: recipe.name)
def test_each_of_them_is_needed(recipe: Recipe, builds: dict[Recipe, Build]) -> None:
    build = builds[recipe]
    every = policies(build)
    idle = [
        one["metadata"]["name"]
        for one in every
        if opening(build, [other for other in every if other is not one]) == table(build)
    ]
    assert idle == []


def test_without_them_far_more_opens(builds: dict[Recipe, Build]) -> None:
    assert len(opening(builds[DEV], [])) > 50 * len(table(builds[DEV]))


def policy(direction: str, **spec: Any) -> Object:
    """One more."""
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": "more", "namespace": HOME},
        "spec": {"policyTypes": [direction], **spec},
    }


def test_one_more_arrow_is_noticed_and_needs_both_its_ends(builds: dict[Recipe, Build]) -> None:
    build = builds[DEV]
    tickets = {"matchLabels": SERVICE | {"app.kubernetes.io/name": "tickets"}}
    database = {"matchLabels": ORDERS | {"app.kubernetes.io/component": "database"}}
    out = policy(
        "Egress", podSelector=tickets, egress=[{"to": [{"podSelector": database}], "ports": [{"port": 27017}]}]
    )
    into = policy("Ingress", podSelector=database, ingress=[{"from": [{"podSelector": tickets}]}])
    for half in (out, into):
        assert opening(build, [*policies(build), half]) == table(build)
    more = opening(build, [*policies(build), out, into]) - table(build)
    assert more == {("tickets/service", "orders/database", 27017)}


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ({"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}], "ports": [{"port": 80}]}, "within: 169.254.169.254"),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": [{"port": 25}]}, OUTSIDE),
        ({"to": [{"namespaceSelector": {}}], "ports": [{"port": 8000}]}, INGRESS),
        ({"to": [{"namespaceSelector": {}}], "ports": [{"port": "metrics"}]}, NAME_SERVER),
        ({"ports": [{"port": 440, "endPort": 450}]}, "within: 10.96.0.1"),
        ({}, "within: fd00::1"),
    ],
    ids=str,
)
def test_it_reads_a_way_out(rule: Object, more: str, builds: dict[Recipe, Build]) -> None:
    build = builds[DEV]
    out = policy("Egress", podSelector={"matchLabels": SERVICE}, egress=[rule])
    found = opening(build, [*policies(build), out]) - table(build)
    assert ("orders/service", more) in {arrow[:2] for arrow in found}
    assert {arrow[0] for arrow in found} == {"orders/service"}


@pytest.mark.parametrize(
    ("operator", "values", "selects"),
    [("In", ["orders"], True), ("NotIn", ["orders"], False), ("Exists", None, True), ("DoesNotExist", None, False)],
)
def test_it_reads_an_expression(
    operator: str, values: list[str] | None, selects: bool, builds: dict[Recipe, Build]
) -> None:
    build = builds[DEV]
    expression = {"key": "app.kubernetes.io/name", "operator": operator} | ({"values": values} if values else {})
    into = policy("Ingress", podSelector={"matchExpressions": [expression]}, ingress=[{}])
    found = opening(build, [*policies(build), into]) - table(build)
    assert ((INGRESS, "orders/database", 27017) in found) == selects


def test_a_policy_that_says_no_direction_closes_what_it_has_rules_for(builds: dict[Recipe, Build]) -> None:
    build = builds[DEV]
    silent = copy.deepcopy(policy("Ingress", podSelector={}))
    del silent["spec"]["policyTypes"]
    assert opening(build, [silent]) < opening(build, [])
    assert ("orders/service", OUTSIDE, 443) in opening(build, [silent])
    assert (INGRESS, "orders/service", 8000) not in opening(build, [silent])
