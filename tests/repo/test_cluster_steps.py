"""The steps of tests/cluster, as far as they need no cluster: what is tried, in which order, and how it is judged."""

import json
from pathlib import Path

import pytest

from infra.local.nats import users
from infra.local.services import SERVICES
from tests.cluster import lowered, rights
from tests.cluster import pods as read
from tests.cluster.findings import Findings
from tests.cluster.leaders import leader_of
from tests.cluster.probes import Source, Target, manifest, sources
from tests.cluster.rolls import Rolled, judge, judge_lone
from tests.cluster.steps.arrows import judge as judge_arrows
from tests.cluster.steps.kills import chosen, schedule
from tests.cluster.steps.restore import View, different, newest
from tests.cluster.table import Table, strangers
from tests.cluster.targets import CLOSED, of_pod
from tests.cluster.up import phases
from tests.cluster.verdicts import Verdicts
from tests.cluster.writes import Acknowledged
from tests.manifests.arrows import ARROWS

from .cluster_objects import make_pod, make_workload


# ---- the steps
def test_every_pod_is_killed_once_in_an_order_that_the_seed_gives() -> None:
    workloads = [make_workload(name=name) for name in SERVICES]
    workloads += [make_workload("StatefulSet", f"{name}-mongo", 3) for name in SERVICES]
    order = schedule(workloads, 1)
    assert len(order) == len(set(order)) == 4 * len(SERVICES)
    assert order == schedule(workloads[::-1], 1) != schedule(workloads, 2)


def test_a_deployments_oldest_pod_is_the_one_not_killed_yet() -> None:
    young, old = make_pod("young", app="orders"), make_pod("old", app="orders")
    young["metadata"]["creationTimestamp"] = "2030-01-01T11:00:00Z"
    assert chosen([young, old], make_workload(), 1) == "old"
    assert chosen([young, old], make_workload("StatefulSet", "orders-mongo"), 2) == "orders-mongo-2"


def test_one_failed_request_fails_a_rollout_and_so_does_none_at_all() -> None:
    for done, good in (([Rolled("a", 1, 9, [])], True), ([Rolled("a", 1, 9, ["502"])], False), ([], False)):
        findings = Findings("rolling", "")
        judge(findings, "everything", done)
        assert findings.failed is not good


def test_of_a_lone_database_only_an_honest_503_is_taken() -> None:
    for told, good in (("POST /api/orders: 503 {}", True), ("POST /api/orders: 500 {}", False)):
        findings = Findings("rolling", "")
        judge_lone(findings, [Rolled("restart statefulset/orders-mongo", 5, 9, [told])])
        assert findings.failed is not good


def test_the_longest_gap_and_the_first_that_came_after() -> None:
    found = Acknowledged([(1.0, "a"), (2.0, "b"), (9.0, "c"), (9.5, "d")])
    assert (found.longest_gap, found.since(2.5), found.since(10.0)) == (7.0, 6.5, None)


def test_phases_come_from_the_last_sentence() -> None:
    said = [(1.0, "Building the images."), (9.0, "Ticketing runs in kind-x, after 5.3 min (images 3.1, smoke 0.5).")]
    assert phases(said) == [("images", "3.1"), ("smoke", "0.5")]
    assert phases(said[:1]) == []


def test_the_newest_backup_is_the_last_by_name() -> None:
    listing = "total 8\n-rw 1 10001 4 Jan 1 orders-2030-01-01.gz\n-rw 1 10001 4 Jan 2 orders-2030-01-02.gz\n"
    assert newest(listing, "orders") == "orders-2030-01-02.gz"


def test_the_leader_of_a_stream_is_in_what_a_server_says() -> None:
    detail = [{"name": "USERS", "cluster": {"leader": "nats-0"}}, {"name": "ORDERS", "cluster": {"leader": "nats-2"}}]
    assert leader_of({"account_details": [{"stream_detail": detail}]}, "ORDERS") == "nats-2"
    assert leader_of({}, "ORDERS") == ""


# ---- rights
@pytest.mark.parametrize("service", SERVICES)
def test_what_is_tried_at_the_bus_is_nothing_that_the_service_may(service: str) -> None:
    (mine,) = [user for user in users() if user.name == service]
    published, heard = rights.publishing(service), rights.subscribing(service)
    assert [one for one in published if any(_covers(pattern, one) for pattern in mine.publish)] == []
    assert [one for one in heard if _covers(mine.subscribe, one)] == []
    assert rights.MEANT_FOR_ALL in mine.publish
    assert len(published) > 100
    assert len(heard) > 20


def _covers(pattern: str, subject: str) -> bool:
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted, given = wanted[:-1], given[: len(wanted) - 1] if len(given) >= len(wanted) else [""]
    return len(wanted) == len(given) and all(w in {"*", g} for w, g in zip(wanted, given, strict=True))


def test_only_the_own_database_opens() -> None:
    tries, expected = rights.at_its_own_server("orders", "payments")
    assert [name for name, answer in expected.items() if answer == "ok"] == ["reads its own database"]
    assert len(tries) == len(expected)


# ---- the overlay on top
def test_production_is_lowered_to_one_small_node(tmp_path: Path) -> None:
    spread = {"whenUnsatisfiable": "DoNotSchedule", "topologyKey": "kubernetes.io/hostname"}
    term = {"topologyKey": "kubernetes.io/hostname"}
    hard = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    box = {"name": "a", "image": "mongo:8.0.12@sha256:0", "resources": {"requests": {"cpu": "500m"}}}
    pod = {"containers": [box], "topologySpreadConstraints": [spread], "affinity": {"podAntiAffinity": hard}}
    claim = {"spec": {"resources": {"requests": {"storage": "20Gi"}}}}
    spec = {"template": {"spec": pod}, "volumeClaimTemplates": [claim]}
    database = {"kind": "StatefulSet", "metadata": {"name": "orders-mongo"}, "spec": spec}
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "orders"}, "spec": {}}
    service = {"kind": "Service", "metadata": {"name": "orders"}, "spec": {}}
    changed = {one["path"]: one["value"] for one in lowered.operations(database)}
    where = "/spec/template/spec"
    assert changed == {
        f"{where}/containers/0/resources/requests": lowered.REQUESTS,
        f"{where}/topologySpreadConstraints/0/whenUnsatisfiable": "ScheduleAnyway",
        f"{where}/affinity/podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]
        },
        "/spec/volumeClaimTemplates/0/spec/resources/requests/storage": lowered.STORAGE,
    }
    lowered.write(tmp_path, [database, scaler, service])
    written = json.loads((tmp_path / "kustomization.yaml").read_text())
    assert [one["target"]["name"] for one in written["patches"]] == ["orders-mongo", "orders"]
    assert written["images"] == [{"name": "mongo", "newTag": "8.0.12", "digest": ""}]
    assert not Path(written["resources"][0]).is_absolute()


# ---- the arrows
def labels(name: str, component: str, job: str = "") -> dict[str, str]:
    found = {read.NAME: name, read.COMPONENT: component, "pod-template-hash": "7d4"}
    return {**found, read.JOB: job} if job else found


def test_one_probe_stands_for_each_kind_of_pod() -> None:
    pods = [make_pod(name, **labels("orders", "service")) for name in ("orders-1", "orders-2")]
    template = {"metadata": {"labels": labels("orders", "job", "backup")}}
    found = sources(pods, [template], ["orders/service", "operations/job/streams"])
    assert [one.kind for one in found] == ["operations/job/streams", "orders/job/backup", "orders/service"]
    assert all("pod-template-hash" not in one.labels for one in found)
    assert found[0].labels[read.JOB] == "streams"
    probe = manifest("probe-0", Source("x", {"a": "b"}).labels, "ticketing/ops:1")
    assert probe["metadata"]["labels"]["a"] == "b"
    assert probe["spec"]["readinessGates"], "no Service may lead to it"


def test_every_port_of_a_pod_is_tried_and_one_where_nobody_listens() -> None:
    assert [one.port for one in of_pod(make_pod(), "orders/service")] == [8000, CLOSED]


def aim(kind: str, port: int = 1) -> Target:
    return Target(kind, "10.0.0.1", port)


def test_what_comes_through_is_told_from_what_is_denied_by_what_comes_without_policies() -> None:
    answers = {
        "connected": ("open", "open"),
        "denied": ("silent", "open"),
        "let through to a closed port": ("refused", "refused"),
        "nobody there, and let through": ("unreachable", "unreachable"),
        "nobody there, and denied": ("silent", "unreachable"),
        "nothing ever answers": ("silent", "silent"),
    }
    keys = {name: ("orders/service", aim(name)) for name in answers}
    denied, free = ({keys[name]: pair[number] for name, pair in answers.items()} for number in (0, 1))
    verdicts = Verdicts(denied, free)
    through = {name for name, key in keys.items() if verdicts.passes(key)}
    assert through == {"connected", "let through to a closed port", "nobody there, and let through"}
    assert [name for name, key in keys.items() if verdicts.is_dark(key)] == ["nothing ever answers"]


def test_where_policies_answer_with_a_refusal_a_closed_port_says_nothing() -> None:
    closed, other = ("a", aim("closed")), ("a", aim("other"))
    verdicts = Verdicts({closed: "refused", other: "refused"}, {closed: "refused", other: "open"})
    assert not verdicts.passes(closed)
    assert not verdicts.passes(other)
    assert verdicts.is_dark(closed)


def test_one_arrow_too_many_and_one_that_is_missing_both_fail() -> None:
    service, database = Source("orders/service"), aim("orders/database", 27017)
    other = aim("tickets/database", 27017)
    free = {(service.kind, database): "open", (service.kind, other): "open"}
    for answers, good in ((("open", "silent"), True), (("silent", "silent"), False), (("open", "open"), False)):
        findings = Findings("arrows", "")
        judge_arrows(findings, [service], Verdicts(dict(zip(free, answers, strict=True)), free), Table(ARROWS))
        assert findings.failed is not good


def test_a_restored_shop_may_have_more_on_sale_and_nothing_less() -> None:
    before = View({"1": {"title": "a"}}, {"2": {"status": "complete"}})
    assert different(before, View({"1": {"title": "a"}, "9": {}}, before.orders)) == ""
    assert different(before, View({}, before.orders))
    assert different(before, View(before.tickets, {}))
    assert different(before, View(before.tickets, {"2": {"status": "created"}}))


def test_of_strangers_the_table_says_what_they_may_in_the_shop_and_nothing_else() -> None:
    table = Table(ARROWS)
    lost, foreign, collector, ingress = strangers()
    shop, database, server = aim("orders/service", 8000), aim("orders/database", 27017), aim("API server", 443)
    assert [table.expects(one, shop) for one in (lost, foreign, collector, ingress)] == [False, False, False, True]
    assert [table.expects(one, database) for one in (lost, foreign, ingress)] == [False, False, False]
    assert [table.expects(one, server) for one in (lost, foreign)] == [False, None]
    assert table.expects(lost, aim("name server", 0)) is True
