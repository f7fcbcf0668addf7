"""What a negative control needs to know of a guard."""

from collections.abc import Mapping
from dataclasses import dataclass

from .switch import Off


@dataclass(frozen=True)
class Guard:
    """`scope`: how often people and faults have to strike. `heals`: guards that would mend what follows, so off too."""

    told: str
    off: Off
    scope: Mapping[str, int | str]
    heals: tuple[str, ...] = ()
