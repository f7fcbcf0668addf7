"""A rolling restart: of each service one process after the other, each back before the next goes; nobody notices."""

import asyncio
from collections.abc import Callable, Sequence

from .control import ask
from .errors import StackError
from .layout import Layout
from .part import belongs
from .services import SERVICES, WORKER

_NOTICED = 1.0
"""Seconds until the gateway, which looks twice a second, shares out requests to a process that is back."""


async def restart(layout: Layout, name: str | None, say: Callable[[str], None] = lambda _: None) -> int:
    """Every process of this service, or of all of them side by side; how many.

    `StackError` if one does not end in order or does not come back: its fellows then stay as they are.
    """
    parts = [part["name"] for part in (await ask(layout, "status"))["parts"]]
    meant = [[part for part in parts if belongs(part, one)] for one in ([name] if name else [*SERVICES, WORKER])]
    if not any(meant):
        raise StackError(f"There is no part called {name}; there are: {', '.join(parts)}.")
    await asyncio.gather(*(_one_after_the_other(layout, replicas, say) for replicas in meant))
    return sum(map(len, meant))


async def _one_after_the_other(layout: Layout, replicas: Sequence[str], say: Callable[[str], None]) -> None:
    for part in replicas:
        await ask(layout, "stop", name=part, atOnce=False)
        ended = {one["name"]: one["exit"] for one in (await ask(layout, "status"))["parts"]}[part]
        await ask(layout, "start", name=part)
        if ended:
            raise StackError(f"{part} did not end in order: its exit status was {ended}.")
        say(f"{part} is back.")
        if part != replicas[-1]:
            await asyncio.sleep(_NOTICED)
