"""What an audit comes to, for people and for programs."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from .invariants import SENTENCES

_MOST_LISTED = 200
_MOST_REASONS = 12
_ID = re.compile(r"\b[0-9a-f]{24}\b")


@dataclass(frozen=True, slots=True)
class Violation:
    """`documents` are those it is about, with the versions that were looked at."""

    invariant: str
    documents: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Report:
    """`unquiet`: why it is not quiet. `moving`: findings that were left aside, since something is under way.

    `leftovers`: what others remember of that which a restore has lost; no violation, and nothing can be done about it.
    """

    violations: tuple[Violation, ...]
    leftovers: tuple[Violation, ...]
    unquiet: tuple[str, ...]
    checked: Mapping[str, int]
    moving: int
    dead_letters: Mapping[str, int]
    seconds: float

    @property
    def quiet(self) -> bool:
        """Whether outboxes, consumers and tasks were empty and nobody waited: then everything was judged."""
        return not self.unquiet

    def table(self) -> str:
        """For people."""
        rows = [_row(invariant, self) for invariant in SENTENCES]
        parts = [
            "\n".join(rows),
            *_listed(self.violations),
            *_left_over(self.leftovers),
            *_letters(self.dead_letters),
            *_motion(self),
        ]
        verdict = "No violations" if not self.violations else f"{len(self.violations)} VIOLATIONS"
        return "\n\n".join([*parts, f"{verdict} ({self.seconds:.1f} s)."])

    def json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self) | {"quiet": self.quiet}, indent=2)


def _row(invariant: str, report: Report) -> str:
    count = sum(one.invariant == invariant for one in report.violations)
    checked = report.checked.get(invariant)
    outcome = "not audited" if checked is None else f"{checked} checked, " + (f"{count} VIOLATED" if count else "good")
    return f"{invariant}  {SENTENCES[invariant]:<{_WIDTH}}  {outcome}"


def _listed(violations: Sequence[Violation]) -> list[str]:
    lines = [f"{one.invariant}  {', '.join(one.documents)}: {one.told}" for one in violations[:_MOST_LISTED]]
    if len(violations) > _MOST_LISTED:
        lines.append(f"... and {len(violations) - _MOST_LISTED} more")
    return ["\n".join(lines)] if lines else []


def _left_over(leftovers: Sequence[Violation]) -> list[str]:
    """How many of each kind; which they are is told to programs alone."""
    if not leftovers:
        return []
    counts = Counter(f"{one.invariant}  {_ID.sub('...', one.told)}" for one in leftovers)
    lines = [f"  {told}: {count}" for told, count in sorted(counts.items())]
    return ["\n".join(["Remembered of what a restore has lost; harmless, and nothing to be done about:", *lines])]


def _letters(dead_letters: Mapping[str, int]) -> list[str]:
    if not dead_letters:
        return []
    lines = [f"  {subject}: {count}" for subject, count in sorted(dead_letters.items())]
    return ["\n".join([f"{sum(dead_letters.values())} dead letters nobody has sent again:", *lines])]


def _motion(report: Report) -> list[str]:
    if report.quiet:
        return ["Quiet: everything was judged."]
    told = [f"  {reason}" for reason in report.unquiet[:_MOST_REASONS]]
    if len(report.unquiet) > _MOST_REASONS:
        told.append(f"  ... and {len(report.unquiet) - _MOST_REASONS} more")
    aside = f" {report.moving} findings were left aside for it." if report.moving else ""
    return ["\n".join([f"Not quiet, so what is under way was not judged.{aside}", *told])]


_WIDTH = max(map(len, SENTENCES.values()))
