"""The steps, in the order in which all of them are run."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .cluster import Cluster
from .findings import Findings
from .steps import arrows, fresh, gateway, kills, prod, restore, rolling, secrets, skaffold, users


@dataclass(frozen=True, slots=True)
class Step:
    """`run` writes what it finds into the findings that it is given, so that they are there should it break off."""

    title: str
    run: Callable[[Cluster, Findings], Awaitable[None]]


_MODULES = (fresh, arrows, users, rolling, kills, gateway, restore, secrets, prod, skaffold)
STEPS: Mapping[str, Step] = {module.__name__.rpartition(".")[2]: Step(module.TITLE, module.run) for module in _MODULES}
