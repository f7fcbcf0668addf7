"""Everything that was done and what came of it, by time and by document."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from common.clock import now, rfc3339

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One request and its answer; `status` 0 where none came."""

    at: datetime
    took: float
    who: str
    act: str
    asked: str
    status: int
    told: str
    about: tuple[str, ...]

    def line(self) -> str:
        """For people."""
        status = self.status or "none"
        return f"{rfc3339(self.at)} +{self.took:5.2f} s  {self.who:<10} {self.asked}  -> {status} {self.told}"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never happen, and the documents that tell of it."""

    rule: str
    told: str
    about: tuple[str, ...] = ()
    at: datetime = field(default_factory=now)


class History:
    """Kept in memory, and written to a file line by line, so that a run that is cut short has left its history."""

    def __init__(self, path: Path) -> None:
        self.records: list[Record] = []
        self.violations: list[Violation] = []
        self.listeners: list[Callable[[Record], None]] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")

    def add(self, record: Record) -> None:
        """One more request."""
        self.records.append(record)
        self._file.write(json.dumps({**asdict(record), "at": rfc3339(record.at)}) + "\n")
        for listener in self.listeners:
            listener(record)

    def violated(self, rule: str, told: str, *about: str) -> None:
        """Something that must never happen has happened; said once for the same documents."""
        if not any((one.rule, one.about) == (rule, about) for one in self.violations):
            self.violations.append(Violation(rule, told, about))

    def of(self, identity: str) -> Iterator[Record]:
        """What was done to one document."""
        return (record for record in self.records if identity in record.about)

    def close(self) -> None:
        """Ends the file."""
        self._file.close()
