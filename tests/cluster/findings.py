"""What a step has found, and the report of all of them, in Markdown."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

OK, FAILED = "ok", "FAILED"
_LONGEST = 600
Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Row:
    """`verdict` is empty where something is only measured."""

    what: str
    measured: str
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in more than one column."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Cells]


@dataclass(slots=True)
class Findings:
    """Of one step."""

    step: str
    title: str
    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def measured(self, what: str, figure: object) -> None:
        """A figure that is neither good nor bad."""
        self.rows.append(Row(what, str(figure)))

    def checked(self, what: str, good: object, figure: object = "") -> bool:
        """Something that has to be so; whether it is."""
        self.rows.append(Row(what, str(figure), OK if good else FAILED))
        return bool(good)

    def none_of(self, what: str, wrong: Sequence[object], figure: object = "none") -> bool:
        """Something that must not be: the first of them are told."""
        told = f"{len(wrong)}: {'; '.join(map(str, wrong[:5]))}" if wrong else figure
        return self.checked(what, not wrong, told)

    def listed(self, title: str, heads: Sequence[str], rows: Sequence[Cells]) -> None:
        """A table of its own."""
        self.tables.append(Table(title, heads, rows))

    def noted(self, sentence: str) -> None:
        """What a reader has to know about these figures, as what could not be tried."""
        self.notes.append(sentence)

    async def tries(self, what: str, work: Awaitable[None]) -> None:
        """One part of a long step: where it breaks off, the others are tried all the same."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (whatever it is belongs into the report)
            self.checked(f"{what}: it came to its end", good=False, figure=complaint(error))

    @property
    def failed(self) -> bool:
        """Whether anything is not as it has to be. A step that has checked nothing has proved nothing."""
        return any(row.verdict == FAILED for row in self.rows)

    @property
    def verdict(self) -> str:
        """In a word."""
        if self.failed:
            return FAILED
        return OK if any(row.verdict for row in self.rows) else "not run"

    def markdown(self) -> str:
        """The step's section."""
        parts = [f"## {self.step}: {self.title}", f"{self.verdict}, {duration(self.seconds)}"]
        if self.rows:
            parts.append(_table(["what", "measured", ""], [(row.what, row.measured, row.verdict) for row in self.rows]))
        for table in self.tables:
            parts += [f"**{table.title}**", _table(table.heads, table.rows)]
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts)


def render(about: Mapping[str, str], found: Sequence[Findings]) -> str:
    """The whole report."""
    summary = [(one.step, one.title, duration(one.seconds), one.verdict) for one in found]
    parts = [
        "# On a real cluster",
        _table(["", ""], list(about.items())),
        _table(["step", "what it shows", "time", ""], summary),
        *(one.markdown() for one in found),
    ]
    return "\n\n".join(parts) + "\n"


def complaint(error: BaseException) -> str:
    """What went wrong, on one line."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(complaint, error.exceptions))
    return f"{type(error).__name__}: {error}"


def duration(seconds: float) -> str:
    """For people."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def mebibytes(count: float) -> str:
    """For people."""
    return f"{count / 2**20:.0f} MiB"


def _table(heads: Sequence[str], rows: Sequence[Cells]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(content: object) -> str:
    text = " ".join(str(content).split()).replace("|", "\\|")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
