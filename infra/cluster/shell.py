"""Other programs: run to their end, with what they said."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ClusterError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Why it failed: the last thing it said."""
        said = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return said[-1].removeprefix("error: ").rstrip(".?") if said else f"exit code {self.code}"


def run(command: Sequence[str | Path], *, given: str | None = None, folder: Path | None = None) -> Answer:
    """Runs it to its end; `given` is its standard input. `ClusterError` where there is no such program."""
    try:
        done = subprocess.run(
            [*map(str, command)],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise ClusterError(f"{command[0]} is missing: install it so that it is on the PATH.") from None
    return Answer(done.returncode, done.stdout, done.stderr)


def lines(command: Sequence[str]) -> Iterator[str]:
    """What it says, as it says it; it is ended when nobody listens any more."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        try:
            yield from process.stdout or ()
        finally:
            process.kill()


def tail(text: str, lines: int) -> str:
    """The end of it, indented."""
    return "".join(f"    {line}\n" for line in text.splitlines()[-lines:])
