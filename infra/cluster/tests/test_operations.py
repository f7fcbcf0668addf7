from itertools import count
from types import SimpleNamespace

import pytest

from infra.cluster import cli, jobs, operations
from infra.local.services import SERVICES
from infra.ops.rebuild import OWNERS

from .cluster import Cluster

Told = pytest.CaptureFixture[str]
CLEAN = "Quiet: everything was judged.\n\nNo violations (1.0 s).\n"


@pytest.fixture(autouse=True)
def templates(cluster: Cluster) -> None:
    for service in SERVICES:
        cluster.cronjob(f"{service}-command")
        cluster.cronjob(f"{service}-backup")
    cluster.cronjob("operator")
    cluster.cronjob("audit", "compare")


def left(cluster: Cluster) -> list[str]:
    return [name for name in cluster.state["objects"] if name.startswith("job/")]


@pytest.mark.parametrize("code", [0, 1])
def test_an_audit_ends_as_its_job_does(cluster: Cluster, code: int, capsys: Told) -> None:
    cluster.plan("audit", log="I1 good\nNo violations (1.0 s).\n", code=code)
    assert cli.main(["audit"]) == code
    assert capsys.readouterr().out == "I1 good\nNo violations (1.0 s).\n"


def test_an_audit_whose_sources_are_away_is_blind(cluster: Cluster, capsys: Told) -> None:
    cluster.plan("audit", first="orders-1", log="state: The service's database does not answer.\n")
    assert cli.main(["audit"]) == 2
    assert capsys.readouterr().err == "orders-1 failed:\n    state: The service's database does not answer.\n"


def test_an_audit_looks_again_until_it_is_good_and_quiet(cluster: Cluster, capsys: Told) -> None:
    cluster.plan("audit", log="2 VIOLATIONS (1.0 s).\n", code=1, once=True)
    cluster.plan("audit", log="Not quiet, so\n  orders\n\nNo violations (1.0 s).\n", once=True)
    cluster.plan("audit", log=CLEAN)
    assert cli.main(["audit", "--quiet-within", "60"]) == 0
    told = capsys.readouterr()
    assert told.out == CLEAN
    assert told.err == (
        "Not yet: 2 VIOLATIONS (1.0 s). Looking again.\nNot yet: No violations (1.0 s). Looking again.\n"
    )


def test_an_audit_does_not_look_for_ever(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.plan("audit", code=1)
    clock = SimpleNamespace(monotonic=count(0, 20).__next__, sleep=lambda _: None)
    monkeypatch.setattr(operations, "time", clock)
    assert cli.main(["audit", "--quiet-within", "50"]) == 1
    assert len(cluster.jobs) == 3


@pytest.mark.parametrize(
    ("words", "job"),
    [
        (["command", "orders", "state"], "python -m orders.commands state"),
        (["command", "payments", "refund", "abc"], "python -m payments.commands refund abc"),
        (["announce", "tickets"], "python -m tickets.commands announce"),
        (["refund", "abc"], "python -m payments.commands refund abc"),
        (["deadletters"], "python -m infra.ops.deadletters"),
        (["deadletters", "list", "--service", "orders"], "python -m infra.ops.deadletters list --service orders"),
        (["purge", "ORDERS"], "python -m infra.ops.purge ORDERS"),
        (["backup", "orders"], "python -m orders.commands state"),
        (["backups", "orders"], "ls -l /backups"),
    ],
)
def test_each_command_is_one_job(cluster: Cluster, words: list[str], job: str, capsys: Told) -> None:
    assert cli.main(words) == 0
    assert cluster.jobs == [job]
    assert job in capsys.readouterr().out
    assert left(cluster) == []


def test_a_job_is_as_its_template_but_that_it_runs_once(cluster: Cluster) -> None:
    cluster.plan("orders-command", code=1)
    cluster.cronjob("orders-command", activeDeadlineSeconds=60)
    assert cli.main(["announce", "orders"]) == 1
    (name,) = left(cluster)
    spec = cluster.state["objects"][name]["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (0, 60, 3600)
    assert spec["template"]["metadata"]["labels"] == {"ticketing.dev/job": "command"}
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_one_that_succeeded_is_kept_where_that_is_asked_for(cluster: Cluster) -> None:
    assert cli.main(["announce", "orders", "--keep"]) == 0
    assert len(left(cluster)) == 1


def test_what_ended_it_is_said_where_it_was_not_itself(cluster: Cluster, capsys: Told) -> None:
    cluster.plan("orders-command", code=137, reason="OOMKilled")
    assert cli.main(["announce", "orders"]) == 137
    assert capsys.readouterr().err.endswith(" was ended: OOMKilled.\n")


def test_one_that_does_not_begin_does_not_begin_later_either(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setattr(jobs, "_START_WITHIN", 0.1)
    cluster.plan("payments-command", never=True)
    assert cli.main(["refund", "abc"]) == 1
    assert capsys.readouterr().err.endswith("and was deleted: ImagePullBackOff, no such image.\n")
    assert left(cluster) == []


def test_without_an_overlay_there_is_nothing_to_run(cluster: Cluster, capsys: Told) -> None:
    cluster.change(objects={})
    assert cli.main(["audit"]) == 1
    assert capsys.readouterr().err == "There is no CronJob audit in the namespace ticketing: apply an overlay first.\n"


def test_a_rebuild_goes_its_way_in_order(cluster: Cluster) -> None:
    assert cli.main(["rebuild", "client"]) == 0
    assert cluster.jobs == [
        "python -m client.commands rebuild",
        "python -m tickets.commands announce",
        "python -m orders.commands announce",
        "python -m payments.commands announce",
        "python -m infra.ops.rebuild --await client:TICKETS client:ORDERS client:PAYMENTS",
        "python -m client.commands forget",
    ]


def test_a_rebuild_of_all_lets_each_owner_announce_once(cluster: Cluster) -> None:
    assert cli.main(["rebuild", "all"]) == 0
    said = [job.split(".commands ") for job in cluster.jobs if ".commands " in job]
    owners = {owner for streams in OWNERS.values() for owner in streams.values()}
    assert sorted(one for one, what in said if what == "announce") == sorted(f"python -m {one}" for one in owners)
    assert len(cluster.jobs) == 2 * len(OWNERS) + len(owners) + 1


@pytest.mark.parametrize(
    ("fails", "told", "count"),
    [
        ("orders.commands rebuild", "orders was not told", 1),
        ("tickets.commands announce", "tickets has not announced", 2),
        ("--await", "not all has arrived", 3),
    ],
)
def test_a_rebuild_that_fails_forgets_nothing(
    cluster: Cluster, fails: str, told: str, count: int, capsys: Told
) -> None:
    cluster.plan(fails, code=1)
    assert cli.main(["rebuild", "orders"]) == 1
    assert capsys.readouterr().err == f"The rebuild is not done: {told}. Give the command again.\n"
    assert len(cluster.jobs) == count


def test_a_backup_of_all_goes_on_where_one_fails(cluster: Cluster) -> None:
    cluster.plan("auth-backup", code=1)
    assert cli.main(["backup", "all"]) == 1
    assert len(cluster.jobs) == len(SERVICES)


def test_all_of_it_with_programs_that_are_run(programs: Cluster, capsys: Told) -> None:
    programs.plan("payments-command", log="refund: the money is returned\n", code=3)
    assert cli.main(["refund", "abc"]) == 3
    assert capsys.readouterr().out == "refund: the money is returned\n"
