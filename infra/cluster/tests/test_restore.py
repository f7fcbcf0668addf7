import pytest

from infra.cluster import cli, restore
from infra.local.services import SERVICES

from .cluster import Cluster

Told = pytest.CaptureFixture[str]
FILE = "orders-20261128T030000Z.backup"
RESTORE = f"python -m orders.commands restore /backups/{FILE} replace"
MARK = "ticketing.dev/replicas-before-restore"


@pytest.fixture(autouse=True)
def running(cluster: Cluster) -> None:
    for service in SERVICES:
        cluster.cronjob(f"{service}-command")
        cluster.cronjob(f"{service}-backup")
    cluster.cronjob("operator")
    for name in ("orders", "expiration", "expiration-worker"):
        cluster.workload("Deployment", name, replicas=2)


def restored(*words: str) -> int:
    return cli.main(["restore", "orders", FILE, "--yes", *words])


def deployment(cluster: Cluster, name: str = "orders") -> tuple[int, str]:
    """How many there are, and how many were written down."""
    found = cluster.state["objects"][f"deployment/{name}"]
    return found["spec"]["replicas"], found["metadata"].get("annotations", {}).get(MARK, "")


def test_it_stops_the_service_and_starts_it_again(cluster: Cluster) -> None:
    assert restored() == 0
    order = [" ".join(words) for words in cluster.said() if words[0] in {"scale", "create"}]
    assert order[1] == "scale deployment/orders --replicas=0"
    assert order[3] == "scale deployment/orders --replicas=2"
    assert cluster.jobs[:2] == [f"ls -l /backups/{FILE}", RESTORE]
    assert "python -m orders.commands announce" in cluster.jobs[2:], "everybody says where they stand"
    assert "python -m tickets.commands announce" in cluster.jobs[2:]
    assert cluster.jobs[-1].endswith("forget")
    assert deployment(cluster) == (2, "")


def test_the_timer_stops_with_its_deadlines(cluster: Cluster) -> None:
    assert cli.main(["restore", "expiration", "expiration-1.backup", "--yes"]) == 0
    stopped = [words[1] for words in cluster.said("scale") if words[-1] == "--replicas=0"]
    assert stopped == ["deployment/expiration", "deployment/expiration-worker"]
    assert deployment(cluster, "expiration-worker") == (2, "")
    assert "python -m orders.commands announce" in cluster.jobs, "orders says all of it again"


def test_nothing_is_lost_unless_one_is_sure(cluster: Cluster, capsys: Told) -> None:
    assert cli.main(["restore", "orders", FILE]) == 1
    assert capsys.readouterr().err.startswith("This stops orders in kind-ticketing, and what its database has beyond")
    assert cluster.jobs == []


@pytest.mark.parametrize("file", [FILE, "../tickets/tickets-1.backup"])
def test_a_file_that_is_not_there_stops_nobody(cluster: Cluster, file: str, capsys: Told) -> None:
    cluster.plan("ls -l", code=2)
    assert cli.main(["restore", "orders", file, "--yes"]) == 1
    assert f"There is no backup {file} of orders, and nothing was done" in capsys.readouterr().err
    assert cluster.said("scale") == []


def test_one_that_breaks_off_says_what_to_do_and_can_be_given_again(cluster: Cluster, capsys: Told) -> None:
    cluster.plan(RESTORE, code=1, once=True)
    assert restored() == 1
    told = capsys.readouterr().err
    assert told.startswith("The database was not restored. orders stays stopped. Give the command again; or, if the ")
    assert told.endswith("start it as it was: `kubectl -n ticketing scale deployment/orders --replicas=2`.\n")
    assert deployment(cluster) == (0, "2")
    assert restored() == 0
    assert deployment(cluster) == (2, "")


def test_nobody_is_at_the_database_meanwhile(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: Told) -> None:
    monkeypatch.setattr(restore, "_GONE_WITHIN", 0.1)
    cluster.put("Pod", "stuck", metadata={"labels": {"app.kubernetes.io/name": "orders"}})
    assert restored() == 1
    assert "there still is stuck. orders stays stopped." in capsys.readouterr().err
    assert RESTORE not in cluster.jobs
