"""After the storm: everything becomes quiet, and what was acknowledged is compared with what is there."""

import asyncio
import re
import time
from collections.abc import Sequence

from infra.local.testing import RunningStack
from infra.ops.audit import audit
from infra.ops.audit.local import reader

from .api import NOT_FOUND, Json
from .buying import look, look_at_orders
from .ledger import ENDED, OrderNote, TicketNote
from .plan import Step
from .world import Person, World

_AT_ONCE = 8
_LOOK_EVERY = 1.0
_ID = re.compile(r"[0-9a-f]{24}")
_END = Step(0.0, -1, "reckon", 0.0)


async def until_all_have_ended(world: World, people: Sequence[Person], within: float) -> bool:
    """Waits until no order waits for anything any more; whether that was so in time."""
    await asyncio.gather(*(look_at_orders(person, _END) for person in people))
    limit, by_number = time.monotonic() + within, {person.number: person for person in people}
    turn = asyncio.Semaphore(_AT_ONCE)

    async def read(note: OrderNote) -> None:
        async with turn:
            await look(by_number[note.owner], _END, note)

    while open_orders := [note for note in world.ledger.orders.values() if note.status not in ENDED]:
        await asyncio.gather(*(read(note) for note in open_orders))
        if time.monotonic() > limit:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True


async def check_acknowledged(world: World, people: Sequence[Person]) -> None:
    """Every acknowledged write is still there, as each of those who made it sees it."""
    by_number = {person.number: person for person in people}
    turn = asyncio.Semaphore(_AT_ONCE)

    async def read_order(note: OrderNote) -> None:
        async with turn:
            await look(by_number[note.owner], _END, note)

    async def read_ticket(note: TicketNote) -> None:
        async with turn:
            reply = await by_number[note.owner].ask(
                _END, "GET", f"/api/tickets/{note.id}", about=(note.id,), expected=(200, 404)
            )
        if told := _lost(note, reply.status, reply.body):
            world.history.violated("acknowledged", told, note.id)

    await asyncio.gather(*(read_order(note) for note in world.ledger.orders.values()))
    await asyncio.gather(*(read_ticket(note) for note in world.ledger.tickets.values()))


def _lost(note: TicketNote, status: int, body: Json) -> str | None:
    if status == NOT_FOUND:
        return None if note.maybe_gone or note.gone else "this ticket was listed, which was acknowledged, and is gone"
    if note.gone:
        return "this ticket was taken down, which was acknowledged, and is there"
    said = body["title"], body["price"]
    if said not in note.contents | note.unclear:
        return f"this ticket says {said}, and its seller last said {note.contents}"
    return None


async def check_all(world: World, stack: RunningStack, within: float) -> str:
    """The audit of everything that is stored; what it looked at, for people."""
    report = await audit(reader(stack.layout), quiet_within=within)
    for found in report.violations:
        ids = [one for document in found.documents for one in _ID.findall(document)]
        world.history.violated(found.invariant, f"{found.told} ({', '.join(found.documents)})", *ids)
    if not report.quiet:
        world.history.violated("quiet", f"not quiet {within:g} s after everything was mended: {report.unquiet}")
    for service, count in report.dead_letters.items():
        if count:
            world.history.violated("I5", f"{count} dead letters of {service}")
    return report.table()
