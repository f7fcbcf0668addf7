"""What the stack is made of: parts (processes) and steps (what is done once, between them)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Probe = Callable[[int], Awaitable[bool]]
"""Given the process id: whether the part answers now. Never raises for a part that is not there yet."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process: how it is started, and how one sees that it is ready."""

    name: str
    command: tuple[str, ...]
    ready: Probe
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    """Its configuration, written before each start."""
    needs: tuple[str, ...] = ()
    patience: float = 60.0
    """Seconds until ready, at the stack's start."""
    grace: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""
    wipeable: bool = False
    """Whether its data may be lost while the rest goes on: the truth is elsewhere."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something done once at each start of the stack, when what it needs is ready."""

    name: str
    run: Callable[[], Awaitable[None]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that runs, and where it can be reached."""

    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    addresses: Mapping[str, str | list[str]]

    def only(self, names: tuple[str, ...]) -> "Plan":
        """The plan with these parts alone (`tickets` stands for its replicas too); steps stay where they can run."""
        parts = tuple(part for part in self.parts if any(belongs(part.name, name) for name in names))
        kept = {part.name for part in parts}
        steps = tuple(step for step in self.steps if kept >= set(step.needs))
        return Plan(parts, steps, {name: url for name, url in self.addresses.items() if _is_kept(name, kept)})


def belongs(part: str, name: str) -> bool:
    """Whether `name` means this part: its own name, or the name of its replicas without their number."""
    stem, _, number = part.rpartition("-")
    return part == name or (number.isdigit() and stem == name)


def _is_kept(address: str, parts: set[str]) -> bool:
    return any(belongs(part, address.removesuffix("-https")) for part in parts)
