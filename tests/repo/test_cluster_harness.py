"""The parts of tests/cluster that need no cluster: what is read, compared and reported there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import pods as read
from tests.cluster.catalogue import STEPS
from tests.cluster.cluster import Cluster, NotReady
from tests.cluster.findings import FAILED, OK, Findings, duration, render
from tests.cluster.images import of, under
from tests.cluster.kubectl import Kubectl, KubectlError
from tests.cluster.options import Options, parse
from tests.cluster.weights import images, weights

from .cluster_objects import READY_AT, Json, make_pod, make_workload


def make_event(reason: str, message: str = "", last: str = READY_AT, pod: str = "orders-7d4-x") -> Json:
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": last,
        "involvedObject": {"kind": "Pod", "name": pod},
        "metadata": {"creationTimestamp": last},
    }


# ---- the report
def test_a_report_says_what_failed_and_what_was_only_measured() -> None:
    good, bad, idle = Findings("fresh", "From nothing"), Findings("kills", "Each pod"), Findings("skaffold", "Dev")
    good.checked("restarts", good=True, figure="none")
    good.measured("memory", "12 MiB")
    bad.none_of("restarts", ["orders 2", "a | b"])
    idle.noted("Not run: there is no skaffold on the PATH.")
    assert [one.verdict for one in (good, bad, idle)] == [OK, FAILED, "not run"]
    text = render({"cluster": "kind-ticketing"}, [good, bad, idle])
    assert "| memory | 12 MiB |  |" in text
    assert "| restarts | 2: orders 2; a \\| b | FAILED |" in text
    assert "- Not run: there is no skaffold" in text


def test_a_long_complaint_does_not_fill_the_report() -> None:
    findings = Findings("a", "b")
    findings.checked("c", good=False, figure="x" * 5000)
    assert len(findings.markdown()) < 1000


@pytest.mark.parametrize(("seconds", "told"), [(3.24, "3.2 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s")])
def test_times_are_told_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_all_steps_are_run_unless_some_are_named() -> None:
    assert parse(list(STEPS), [])[0] == list(STEPS)
    asked, options = parse(list(STEPS), ["kills", "users", "--seed", "7", "--connect", "127.0.0.1:8843"])
    assert (asked, options.seed, options.place) == (["kills", "users"], 7, ("127.0.0.1", 8843))
    with pytest.raises(SystemExit):
        parse(list(STEPS), ["everything"])


def test_where_to_connect_comes_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_CONNECT", raising=False)
    assert Options().place == ("ticketing.dev", 443)
    monkeypatch.setenv("SHOP_CONNECT", "127.0.0.1:8843")
    assert Options().place == ("127.0.0.1", 8843)


# ---- what the cluster says
def test_a_workload_is_settled_when_all_of_it_is_new_and_ready_and_nothing_else_is_left() -> None:
    pod, other = make_pod(app="orders"), make_pod("orders-6c3-y", app="orders")
    leaving = {**other, "metadata": {**other["metadata"], "deletionTimestamp": READY_AT}}
    assert read.is_settled(make_workload(), [pod])
    assert not read.is_settled(make_workload(), [])
    assert not read.is_settled(make_workload(), [pod, leaving])
    assert not read.is_settled(make_workload(), [make_pod(ready=None)])
    assert not read.is_settled(make_workload(observedGeneration=3), [pod])
    assert not read.is_settled(make_workload(currentRevision="1", updateRevision="2"), [pod])
    assert read.selected([pod, make_pod(app="tickets")], make_workload()) == [pod]


@pytest.mark.parametrize(
    ("event", "allowed"),
    [
        (make_event("Unhealthy", "Startup probe failed", last="2030-01-01T09:59:58Z"), True),
        (make_event("Unhealthy", "Readiness probe failed", last="2030-01-01T10:00:01Z"), False),
        (make_event("Unhealthy", "Readiness probe failed", last="2030-01-01T09:00:00Z", pod="gone"), False),
        (make_event("Failed", "Failed to pull image mongo:8.0.12"), True),
        (make_event("BackOff", "Back-off pulling image mongo:8.0.12"), True),
        (make_event("BackOff", "Back-off restarting failed container"), False),
        (make_event("FailedMount", 'secret "orders-mongo" not found'), False),
    ],
)
def test_only_pulls_and_early_probes_may_be_warned_of(event: Json, allowed: bool) -> None:
    pod = make_pod()
    assert (list(read.warnings([event], {pod["metadata"]["name"]: pod})) == []) is allowed


def test_restarts_of_sidecars_count() -> None:
    pod = make_pod()
    pod["status"] |= {"containerStatuses": [{"restartCount": 1}], "initContainerStatuses": [{"restartCount": 2}]}
    assert read.restarts(pod) == 3


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("ticketing/orders:1", "orders"),
        ("docker.io/ticketing/ops", "ops"),
        ("registry.example:5000/shop/ticketing/client:a@sha256:0", "client"),
        ("mongo:8.0.12", ""),
        ("example/notticketing/orders:1", ""),
    ],
)
def test_our_images_are_known_in_any_registry(image: str, name: str) -> None:
    assert read.ours(image) == name


def test_an_upgrade_touches_our_images_alone() -> None:
    found = of(make_workload())
    assert found == {"service": "registry.example:5000/ticketing/orders:1"}
    assert under(found, "before") == {"service": "registry.example:5000/ticketing/orders:before"}
    assert read.retagged("registry.example:5000/ticketing/orders", "x") == "registry.example:5000/ticketing/orders:x"


def test_memory_is_the_sum_of_a_pods_containers() -> None:
    boxes = [{"memory": {"workingSetBytes": 10}, "cpu": {"usageNanoCores": 5 * 10**8}}, {"memory": {}}]
    summary = {
        "pods": [
            {"podRef": {"name": "orders-1", "namespace": "ticketing"}, "containers": boxes},
            {"podRef": {"name": "coredns", "namespace": "kube-system"}, "containers": boxes},
        ]
    }
    (found,) = weights([summary], "ticketing", {"orders-1": "service", "coredns": ""})
    assert (found.pod, found.memory, found.cores) == ("orders-1", 10, 0.5)


def test_images_are_found_under_the_name_that_manifests_use() -> None:
    node = {"status": {"images": [{"names": ["docker.io/library/mongo:8.0.12", "x@sha256:1"], "sizeBytes": 7}]}}
    assert images([node], ["mongo:8.0.12", "redis:7"]) == {"mongo:8.0.12": 7}


# ---- what is taken away comes back
class Fake:
    """A cluster with some objects of one kind."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    async def __call__(self, _verb: str, _kind: str, name: str, *_: str) -> None:
        self.names.remove(name)

    async def list(self, _kind: str) -> list[Json]:
        return [{"metadata": {"name": name, "uid": "1", "labels": {"a": "b"}}} for name in self.names]

    async def create(self, objects: Sequence[Json]) -> None:
        assert all(one["metadata"] == {"name": read.name(one), "labels": {"a": "b"}} for one in objects)
        self.names += map(read.name, objects)


async def test_policies_come_back_however_the_block_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.cluster.cluster.LOCAL", tmp_path)
    monkeypatch.setattr("tests.cluster.cluster.LOOK_EVERY", 0.0)
    fake: Any = Fake("names", "nothing")
    cluster = Cluster(Options(), fake, print)

    async def probe() -> None:
        async with cluster.without("networkpolicies", "saved.json") as taken:
            assert (len(taken), fake.names) == (2, [])
            raise KubectlError("the probe broke off")

    with pytest.raises(KubectlError):
        await probe()
    assert sorted(fake.names) == ["names", "nothing"]
    assert len(json.loads((tmp_path / "saved.json").read_text())["items"]) == 2


async def test_what_never_settles_is_said() -> None:
    cluster: Any = Cluster(Options(), Kubectl("ticketing"), print)

    async def look() -> str:
        return "orders is not ready"

    with pytest.raises(NotReady, match="orders is not ready"):
        await cluster.until(look, within=0.0)
