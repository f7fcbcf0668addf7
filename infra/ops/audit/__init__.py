"""The audit of what must never happen (I1 to I8, see `invariants`).

It opens nobody's database. Each service prints its own lines (`python -m SERVICE.commands state`), payments also what
Stripe has, and the bus is asked how far everybody is. So the same comparison works wherever the lines come from.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from .finding import Finding, Result, When
from .invariants import examine
from .lines import CannotLookError, Read, keep
from .look import Look, take
from .motion import unquiet
from .report import Report, Violation
from .routes import BUS, BUS_BEFORE

__all__ = ["CannotLookError", "Read", "Report", "Violation", "audit", "compare"]

AGAIN_AFTER = 5.0
_PAUSE = 2.0


async def audit(read: Read, *, again_after: float = AGAIN_AFTER, quiet_within: float = 0.0) -> Report:
    """Looks, and looks again `again_after` seconds later if anything was found; reports what persists.

    Waits first until all is quiet, for `quiet_within` seconds at most. `CannotLookError` where a source is away.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        first = await _quiet_look(read, Path(folder), began + quiet_within)
        results = await asyncio.to_thread(examine, first)
        if not any(result.findings for result in results):
            return _report(results, first, [], 0, loop.time() - began)
        await asyncio.sleep(again_after)
        second = await take(read, Path(folder) / "second")
        return await asyncio.to_thread(compare, first, second, seconds=loop.time() - began)


async def _quiet_look(read: Read, folder: Path, until: float) -> Look:
    """The first look at which all is quiet, or the last one before it is too late."""
    loop = asyncio.get_running_loop()
    count = 0
    while True:
        while loop.time() < until and not await _bus_is_still(read, folder):
            pass
        look = await take(read, folder / f"{count}")
        if loop.time() >= until or not unquiet(look):
            return look
        shutil.rmtree(look.folder)
        count += 1
        await asyncio.sleep(_PAUSE)


async def _bus_is_still(read: Read, folder: Path) -> bool:
    """Cheaper than a look, which is in vain as long as the bus is busy."""
    await keep(BUS_BEFORE, read, folder)
    await asyncio.sleep(_PAUSE)
    await keep(BUS, read, folder)
    look = Look(folder)
    return look.still and not any(one.behind for one in look.consumers.values())


def compare(first: Look, second: Look, *, seconds: float = 0.0) -> Report:
    """What both looks found, of what counts."""
    before = {_key(one) for result in examine(first) for one in result.findings}
    results = examine(second)
    persistent = [one for result in results for one in result.findings if _key(one) in before]
    judged = [one for one in persistent if _counts(one, first, second)]
    return _report(results, second, judged, len(persistent) - len(judged), seconds)


def _key(finding: Finding) -> tuple[str, tuple[str, ...], str]:
    return finding.invariant, finding.documents, finding.told


def _counts(finding: Finding, first: Look, second: Look) -> bool:
    """Whether it is more than somebody not having heard yet: what was told before the first look has arrived by now."""
    if finding.when is When.ALWAYS:
        return True
    if finding.when is When.ALIVE:
        return all(_arrived(route, first, second) or second.consumers[route].alive for route in finding.routes)
    return not finding.moving and all(_arrived(route, first, second) for route in finding.routes)


def _arrived(route: tuple[str, str], first: Look, second: Look) -> bool:
    consumer = second.consumers[route]
    told = first.last().get(route[1], 0)
    return consumer.exists and (not consumer.behind or consumer.floor >= told)


def _report(results: Iterable[Result], look: Look, judged: Sequence[Finding], moving: int, seconds: float) -> Report:
    return Report(
        _sorted(one for one in judged if not one.leftover),
        _sorted(one for one in judged if one.leftover),
        tuple(unquiet(look)),
        {result.invariant: result.checked for result in results},
        moving,
        look.dead_letters,
        seconds,
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Violation, ...]:
    found = (Violation(one.invariant, one.documents, one.told) for one in findings)
    return tuple(sorted(found, key=lambda one: (one.invariant, one.documents)))
