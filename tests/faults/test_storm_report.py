"""What a failing storm tells: its seed, and all that happened to the document concerned."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.clock import now, rfc3339

from .storm import report as reporting
from .storm.events import Stored
from .storm.history import History, Record
from .storm.ledger import Ledger
from .storm.nemesis import SETTLE, Breakage, Nemesis, family
from .storm.plan import make_plan

ORDER = "6b0253a4a14ef2fefe95f510"
OTHER = "6b0253aabb1764d76fa92a2d"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path / "history.jsonl")
    yield history
    history.close()


def make_record(about: str, asked: str) -> Record:
    return Record(now(), 0.1, "person 4", "cancel", asked, 204, "", (about,))


def make_report(history: History, *breakages: Breakage) -> reporting.Report:
    nemesis: Any = SimpleNamespace(breakages=list(breakages), kills={"orders-1": 1})
    world: Any = SimpleNamespace(history=history, ledger=Ledger())
    observer: Any = SimpleNamespace(lists_read=0, longest_stall=0.0)
    return reporting.Report(make_plan(7, 10, people=1), world, nemesis, observer, missed=0)


def cancelled(order: str, *, late: float) -> Stored:
    due = now()
    data = {"id": order, "status": "cancelled", "reason": "expired", "expiresAt": rfc3339(due)}
    said = rfc3339(due + timedelta(seconds=late))
    return Stored("ORDERS", 5, {"type": "order.cancelled.v1", "time": said, "subject": order, "data": data})


def test_a_violation_is_told_with_its_seed_and_its_history(history: History) -> None:
    history.add(make_record(ORDER, f"DELETE /api/orders/{ORDER}"))
    history.add(make_record(OTHER, f"DELETE /api/orders/{OTHER}"))
    history.violated("I1", "two orders hold one ticket", ORDER)
    history.violated("I1", "two orders hold one ticket, seen again", ORDER)
    report = make_report(history, Breakage("kill", "orders-1", now(), now()))
    report.events = [cancelled(ORDER, late=3), cancelled(OTHER, late=3)]
    report.explain()
    text = report.text()
    assert "SEED=7" in text
    assert f"DELETE /api/orders/{ORDER}" in text
    assert "order.cancelled.v1" in text
    assert "kill orders-1" in text
    assert OTHER not in text
    assert report.figures()["violations"] == [
        {"rule": "I1", "told": "two orders hold one ticket", "about": [ORDER]},
    ]


async def test_a_reservation_that_outlives_its_deadline_is_seen_in_the_stream(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def events(_: object) -> list[Stored]:
        return [cancelled(OTHER, late=59), cancelled(ORDER, late=61)]

    monkeypatch.setattr(reporting, "all_events", events)
    report = make_report(history)
    stack: Any = None
    await report.read_streams(stack)
    assert [(one.rule, one.about) for one in report.violations] == [("I3", (ORDER,))]


def test_an_outage_is_excused_while_something_is_broken_and_not_long_after(history: History) -> None:
    nobody: Any = None
    nemesis = Nemesis(nobody, nobody, history)
    moment = now()
    nemesis.breakages = [
        Breakage("kill", "orders-1", moment - timedelta(seconds=30), moment),
        Breakage("kill", "nats", moment + SETTLE * 3, None, skipped="(left out)"),
    ]
    assert nemesis.broken(moment + SETTLE / 2, moment + SETTLE)
    assert not nemesis.broken(moment + SETTLE * 2, moment + SETTLE * 4)
    assert not nemesis.broken(moment - timedelta(seconds=60), moment - timedelta(seconds=40))


def test_replicas_and_nodes_are_of_one_family() -> None:
    assert [family(part) for part in ("orders-2", "orders", "mongo primary", "expiration-worker")] == [
        "orders",
        "orders",
        "mongo",
        "expiration-worker",
    ]
