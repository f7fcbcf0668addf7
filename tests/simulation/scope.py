"""How much may happen in a world: budgets for what people do and for what goes wrong."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple


class Left(NamedTuple):
    """What is left of each budget."""

    reserve: int = 0
    cancel: int = 0
    extend: int = 0
    pay: int = 0
    open: int = 0
    edit: int = 0
    delete: int = 0
    refund: int = 0
    decline: int = 0
    action: int = 0
    reconfirm: int = 0
    capfail: int = 0
    silence: int = 0
    dup: int = 0
    lose: int = 0
    crash: int = 0
    early: int = 0
    race: int = 0
    wipe: int = 0
    delay: int = 0

    def without(self, name: str) -> "Left":
        """One less of this."""
        return self._replace(**{name: getattr(self, name) - 1})


@dataclass(frozen=True)
class Scope:
    """`deadline`: may pass at `any` moment, by a step of its own (`clock`), or `never`. `timer`: with expiration.

    `ordered`: what must happen does so in order, the oldest message first, but for so many times as `left.delay` says.
    What people do and what goes wrong comes in between at any place.
    """

    left: Left
    workers: int = 1
    deadline: Literal["any", "clock", "never"] = "any"
    timer: bool = False
    ordered: bool = False

    def in_order(self, delay: int) -> "Scope":
        """The same with so many steps out of order."""
        return replace(self, left=self.left._replace(delay=delay), ordered=True)


def scope(
    *,
    workers: int = 1,
    deadline: Literal["any", "clock", "never"] = "any",
    timer: bool = False,
    **budgets: int,
) -> Scope:
    """A scope by its budgets."""
    return Scope(Left(**budgets), workers, deadline, timer)
