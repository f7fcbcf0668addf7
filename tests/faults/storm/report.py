"""What a storm came to: figures for people, the same as JSON, and the history of what went wrong."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.clock import rfc3339
from infra.local.testing import RunningStack

from .buying import I3_LIMIT
from .deck import KILLS
from .events import Stored, all_events
from .history import Record, Violation
from .nemesis import Breakage, Nemesis, family
from .observer import Observer
from .plan import Plan
from .world import World

_MOST_TOLD = 5
"""Violations whose whole history is told."""
_AROUND = timedelta(seconds=15)
Json = dict[str, Any]


@dataclass(slots=True)
class Report:
    """Made when the storm is over; `quiet_after`, `died` and `explained` are filled in afterwards."""

    plan: Plan
    world: World
    nemesis: Nemesis
    observer: Observer
    missed: int
    quiet_after: float = 0.0
    died: dict[str, int] = field(default_factory=dict)
    audited: str = ""
    events: list[Stored] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[Violation]:
        """What must never happen, and has."""
        return self.world.history.violations

    def figures(self) -> Json:
        """All of it as numbers."""
        orders = list(self.world.ledger.orders.values())
        done = [one for one in self.nemesis.breakages if not one.skipped]
        slowest = max(self.recoveries(), default=(0.0, "none"))
        return {
            "seed": self.plan.seed,
            "seconds": self.plan.seconds,
            "people": self.plan.people,
            "operations": {act: dict(sorted(found.items())) for act, found in sorted(self._operations().items())},
            "requests": len(self.world.history.records),
            "left out": self.missed,
            "faults": dict(sorted(Counter(one.kind for one in done).items())),
            "faults left out": sum(bool(one.skipped) for one in self.nemesis.breakages),
            "kills": sum(self.nemesis.kills.values()),
            "kills by part": dict(sorted(self.nemesis.kills.items())),
            "died by themselves": self.died,
            "orders": len(orders),
            "orders by end": dict(Counter(note.reason or note.status for note in orders)),
            "tickets": len(self.world.ledger.tickets),
            "slowest recovery": {"seconds": round(slowest[0], 1), "of": slowest[1]},
            "events": len(self.events),
            "latest expiry": round(max((one.late() for one in self.events), default=0.0), 1),
            "lists read while calm": self.observer.lists_read,
            "longest stall of the storm itself": round(self.observer.longest_stall, 1),
            "seconds to quiet": round(self.quiet_after, 1),
            "violations": [{"rule": one.rule, "told": one.told, "about": list(one.about)} for one in self.violations],
        }

    def recoveries(self) -> Iterator[tuple[float, str]]:
        """For each kill: seconds until the first request of that part's kind, made since, was answered by it."""
        for breakage in self.nemesis.breakages:
            if breakage.kind in KILLS and not breakage.skipped:
                moment = next(self._successes(breakage), None)
                if moment is not None:
                    took = (moment - breakage.began).total_seconds()
                    yield took, f"{breakage.kind} {breakage.part} at {rfc3339(breakage.began)}"

    def _successes(self, breakage: Breakage) -> Iterator[datetime]:
        name = family(breakage.part)
        if name in {"expiration", "expiration-worker", "redis"}:
            yield from (at for at, how, _ in self.world.ledger.ends if how == "expired" and at > breakage.began)
        elif name == "nats":
            yield from (at for at, how, _ in self.world.ledger.ends if how == "complete" and at > breakage.began)
        else:
            for record in self.world.history.records:
                if record.at > breakage.began and _works(name, record):
                    yield record.at + timedelta(seconds=record.took)

    def _operations(self) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {}
        for record in self.world.history.records:
            counts.setdefault(record.act, Counter())[str(record.status or "none")] += 1
        return counts

    async def read_streams(self, stack: RunningStack) -> None:
        """What was said when: also whether every reservation ended in time."""
        self.events = await all_events(stack)
        for one in self.events:
            if one.late() > I3_LIMIT.total_seconds():
                told = f"this reservation ended {one.late():.0f} s after its deadline"
                self.world.history.violated("I3", told, one.event["subject"])

    def explain(self) -> None:
        """The history of what went wrong: events, requests, faults around it."""
        for violation in self.violations[:_MOST_TOLD]:
            self.explained.append(f"\n{violation.rule}: {violation.told}\n  documents: {', '.join(violation.about)}")
            events = [one.line() for one in self.events if one.names(violation.about)]
            records = [one for one in self.world.history.records if set(one.about) & set(violation.about)]
            moments = [one.at for one in records] or [violation.at]
            self.explained += ["  events:", *(f"    {line}" for line in events)]
            self.explained += ["  requests:", *(f"    {one.line()}" for one in records)]
            near = [one for one in self.nemesis.breakages if _near(one, min(moments), max(moments))]
            self.explained += ["  faults around that time:", *(f"    {one.line()}" for one in near)]

    def text(self) -> str:
        """For people."""
        lines = []
        for name, value in self.figures().items():
            if name == "violations":
                lines.append(f"violations           {len(value)}")
            elif name == "operations":
                lines.append("operations")
                lines += [f"  {act:<18} {_counts(found)}" for act, found in value.items()]
            else:
                lines.append(f"{name:<20} {_counts(value) if isinstance(value, dict) else value}")
        lines += ["", self.audited]
        if self.violations:
            lines += [f"{one.rule}: {one.told} ({', '.join(one.about)})" for one in self.violations]
            lines += [*self.explained, f"\nThe same storm again: make faults SEED={self.plan.seed}"]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """The figures as JSON, with every fault."""
        faults = [one.line() for one in self.nemesis.breakages]
        path.write_text(json.dumps({**self.figures(), "faults in order": faults}, indent=2, ensure_ascii=False))


def _works(name: str, record: Record) -> bool:
    """Whether this request was answered by a part of that name, and its work done."""
    method, path = record.asked.split(" ", 2)[:2]
    answered = 0 < record.status < 500
    match name:
        case "auth":
            return answered and path.startswith("/api/users")
        case "tickets" | "orders" | "payments":
            return answered and path.startswith(f"/api/{name}")
        case "client" | "emails":
            return record.status == 200 and path == "/"
        case "mongo":
            return record.status in {201, 204} and method in {"POST", "DELETE"} and not path.startswith("/stand-in")
        case _:
            return record.status == 201 and path == "/api/payments"


def _near(breakage: Breakage, first: datetime, last: datetime) -> bool:
    return breakage.began < last + _AROUND and (breakage.ended is None or breakage.ended > first - _AROUND)


def _counts(found: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"
