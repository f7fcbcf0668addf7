"""How a guard is switched off: a part of the product is replaced, and its replacement tells when it made a difference.

Nothing in the product knows of this. A part that is gone or has another name is an error, and so is a run in which the
replacement never made a difference: a control that changes nothing shows nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class NeverReached(AssertionError):
    """What was switched off was not used, so the run shows nothing."""


class Switch:
    """The parts that are replaced at present. `hits`: how often a replacement did what the original would not have."""

    def __init__(self) -> None:
        self.hits = 0
        self._replaced: list[tuple[Any, str, Any]] = []

    def hit(self, reached: object = True) -> None:
        """The guard would have acted now, if `reached`."""
        self.hits += bool(reached)

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Puts what `make` makes of the original in its place; `owner` has to define the name itself."""
        if name not in vars(owner):
            raise LookupError(f"{owner.__name__} defines no {name} any more: say where this guard lives now")
        original = vars(owner)[name]
        self._replaced.append((owner, name, original))
        setattr(owner, name, make(original))

    def restore(self) -> None:
        """Everything is as it was."""
        while self._replaced:
            setattr(*self._replaced.pop())


class Off(Protocol):
    """Switches a guard off; a context manager. `must_reach`: ends with `NeverReached` where that made no difference."""

    def __call__(self, *, must_reach: bool = True) -> Any: ...


def off(replace: Callable[[Switch], None]) -> Off:
    """What `replace` puts in place, as long as the context lasts."""

    @contextmanager
    def switched(*, must_reach: bool = True) -> Iterator[Switch]:
        switch = Switch()
        try:
            replace(switch)
            yield switch
            if must_reach and not switch.hits:
                raise NeverReached(replace.__name__)
        finally:
            switch.restore()

    return switched
