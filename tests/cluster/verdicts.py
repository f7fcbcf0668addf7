"""What the answers with policies and without them come to, held side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from .probes import Answers, Target

OPEN, SILENT = "open", "silent"
Key = tuple[str, Target]


@dataclass(frozen=True)
class Verdicts:
    """`denied`: with the policies; `free`: the same without them."""

    denied: Answers
    free: Answers

    @property
    def keys(self) -> Iterable[Key]:
        """Everything that was tried."""
        return self.denied.keys()

    def passes(self, key: Key) -> bool:
        """Whether it came through: a connection, or the very refusal that comes from there without policies."""
        answer = self.denied[key]
        if answer == OPEN:
            return True
        return answer == self.free[key] and answer != SILENT and answer not in self._denials

    def is_dark(self, key: Key) -> bool:
        """Whether nobody can tell, since being denied looks the same as what is there without policies."""
        answer = self.denied[key]
        return answer == self.free[key] and (answer == SILENT or answer in self._denials)

    def open(self, *, denied: bool) -> set[Key]:
        """All connections that were made."""
        return {key for key, answer in (self.denied if denied else self.free).items() if answer == OPEN}

    def opens_freely(self, key: Key) -> bool:
        """Whether it was made without policies."""
        return self.free[key] == OPEN

    @cached_property
    def _denials(self) -> set[str]:
        """What whoever enforces the policies answers in the place of others; most say nothing."""
        return {answer for key, answer in self.denied.items() if self.free[key] == OPEN} - {OPEN, SILENT}
