"""Faults on demand: what shall go wrong, for which calls, how often."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .cards import DECLINES
from .errors import Json
from .ids import new_id

CALL_ACTIONS = ("error", "hang", "drop", "decline", "slow", "processing", "expire", "redirect")
WEBHOOK_ACTIONS = ("webhook-delay", "webhook-duplicate", "webhook-reorder", "webhook-lose")
LIMIT = 100
LONGEST_SECONDS = 600
MOST_TIMES = 1_000_000


@dataclass
class Fault:
    """One order. `path` and `event` are patterns with `*`; `times` counts down."""

    action: str
    method: str = "*"
    path: str = "*"
    when: str = "before"
    times: int = 1
    seconds: float = 1.0
    status: int = 500
    decline: str = "generic_decline"
    event: str = "*"
    copies: int = 2
    id: str = field(default_factory=lambda: new_id("fault"))

    def key(self) -> str:
        """The name that places in the code ask for."""
        return f"{self.action} {self.when}" if self.action in {"error", "hang", "drop"} else self.action

    def matches(self, method: str, path: str) -> bool:
        """Whether it is meant for this call."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


class UnknownFault(ValueError):
    """The order cannot be understood."""


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "action": (lambda value: value in CALL_ACTIONS + WEBHOOK_ACTIONS, f"one of {CALL_ACTIONS + WEBHOOK_ACTIONS}"),
    "method": (lambda value: isinstance(value, str), "a text"),
    "path": (lambda value: isinstance(value, str), "a text"),
    "event": (lambda value: isinstance(value, str), "a text"),
    "when": (lambda value: value in {"before", "after"}, "before or after"),
    "times": (lambda value: type(value) is int and 1 <= value <= MOST_TIMES, "a whole number from 1"),
    "seconds": (lambda value: type(value) in {int, float} and 0 <= value <= LONGEST_SECONDS, "from 0 to 600"),
    "status": (lambda value: type(value) is int and 500 <= value <= 599, "from 500 to 599"),  # noqa: PLR2004
    "decline": (lambda value: isinstance(value, str) and value in DECLINES, f"one of {tuple(DECLINES)}"),
    "copies": (lambda value: type(value) is int and 2 <= value <= 20, "from 2 to 20"),  # noqa: PLR2004
}


def read_fault(order: Any) -> Fault:
    """A fault from JSON; UnknownFault says what is wrong with it."""
    if not isinstance(order, dict) or "action" not in order:
        raise UnknownFault("A fault is an object with an action.")
    for name, value in order.items():
        if name not in CHECKS:
            raise UnknownFault(f"A fault has no member {name}.")
        check, expected = CHECKS[name]
        if not check(value):
            raise UnknownFault(f"{name} must be {expected}.")
    return Fault(**order)


class Faults:
    """The orders that are still open. They are not kept over a restart."""

    def __init__(self) -> None:
        self._open: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Takes an order."""
        if len(self._open) >= LIMIT:
            raise UnknownFault(f"At most {LIMIT} faults can be open.")
        self._open.append(fault)

    def clear(self) -> None:
        """Forgets all orders."""
        self._open.clear()

    def listed(self) -> list[Json]:
        """The open orders."""
        return [asdict(fault) for fault in self._open]

    def take(self, method: str, path: str, key: str) -> Fault | None:
        """The first open order of this kind for this call, counted down."""
        return self._first(lambda fault: fault.key() == key and fault.matches(method, path))

    def take_webhook(self, event: str) -> Fault | None:
        """The first open order for this event, counted down."""
        return self._first(lambda fault: fault.action in WEBHOOK_ACTIONS and fnmatchcase(event, fault.event))

    def _first(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        fault = next((fault for fault in self._open if wanted(fault)), None)
        if fault is not None:
            fault.times -= 1
            if fault.times == 0:
                self._open.remove(fault)
        return fault
