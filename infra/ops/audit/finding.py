"""What an invariant finds in one look. Only what a second look finds again, at the same versions, is a violation."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .routes import Route


class When(Enum):
    """When a finding counts, beside having been seen twice."""

    ALWAYS = "at any time"
    ALIVE = "while those who have to hear run"
    QUIET = "when what concerns it is quiet"


@dataclass(frozen=True, slots=True)
class Finding:
    """`documents` name their versions. `routes`: the consumers by which its parts hear of each other.

    `moving`: one of its documents has something unsaid, or waits for an answer, and not for too long.
    `leftover`: others remember what its owner lost when it was put back from a backup. That holds neither a ticket nor
    money, and nobody can do anything about it.
    """

    invariant: str
    documents: tuple[str, ...]
    told: str
    when: When = When.ALWAYS
    routes: tuple[Route, ...] = ()
    moving: bool = False
    leftover: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What one invariant has looked at, and found."""

    invariant: str
    checked: int
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, invariant: str, checked: int, findings: Iterable[Finding]) -> "Result":
        return cls(invariant, checked, tuple(findings))
