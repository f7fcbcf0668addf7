"""What sellers do."""

from typing import TypeVar

from common.clock import now

from .api import NOT_FOUND
from .ledger import Content, TicketNote
from .plan import Step
from .world import Person

_PRICES = (5.0, 12.5, 40.0, 75.0, 84.5, 199.99, 1200.0)


T = TypeVar("T")


def one_of(found: list[T], pick: float) -> T | None:
    """The one that `pick` means, if there is any."""
    return found[int(pick * len(found))] if found else None


def _content(person: Person, step: Step) -> Content:
    return f"Seat {int(step.pick * 1e9)} of {person.name}", _PRICES[int(step.pick * 1000) % len(_PRICES)]


async def put_on_sale(person: Person, step: Step) -> TicketNote | None:
    """Lists a ticket."""
    title, price = _content(person, step)
    reply = await person.ask(step, "POST", "/api/tickets", expected=(201,), json={"title": title, "price": price})
    return person.world.ledger.ticket(reply.body, person.number) if reply.ok else None


async def edit(person: Person, step: Step) -> None:
    """Changes a ticket's title and price."""
    if note := one_of(person.world.ledger.own_tickets(person.number), step.pick):
        await _put(person, step, note, {}, (200, 400))


async def edit_this_version(person: Person, step: Step) -> None:
    """The same, if nobody has changed it since it was read."""
    note = one_of(person.world.ledger.own_tickets(person.number), step.pick)
    if note is None:
        return
    read = await person.ask(step, "GET", f"/api/tickets/{note.id}", about=(note.id,), expected=_found(note))
    if read.ok:
        await _put(person, step, note, {"If-Match": f'"{read.body["version"]}"'}, (200, 400, 412))


async def _put(
    person: Person, step: Step, note: TicketNote, headers: dict[str, str], expected: tuple[int, ...]
) -> None:
    title, price = content = _content(person, step)
    note.unclear.add(content)
    reply = await person.ask(
        step,
        "PUT",
        f"/api/tickets/{note.id}",
        about=(note.id,),
        headers=headers,
        expected=(*expected, 404) if note.maybe_gone else expected,
        json={"title": title, "price": price},
    )
    if reply.ok:
        note.edited(content)
    if not reply.unclear:
        note.unclear.discard(content)


async def delete(person: Person, step: Step) -> None:
    """Takes a ticket down."""
    note = one_of(person.world.ledger.own_tickets(person.number), step.pick)
    if note is None:
        return
    before, note.maybe_gone = note.maybe_gone, True
    expected = (204, 400, 404) if before else (204, 400)
    reply = await person.ask(step, "DELETE", f"/api/tickets/{note.id}", about=(note.id,), expected=expected)
    if reply.ok or reply.status == NOT_FOUND:
        note.gone, note.gone_at = True, now()
    elif not reply.unclear:
        note.maybe_gone = before


def _found(note: TicketNote) -> tuple[int, ...]:
    return (200, 404) if note.maybe_gone else (200,)


async def look_at_ticket(person: Person, step: Step) -> None:
    """Reads anybody's ticket."""
    note = one_of(list(person.world.ledger.tickets.values())[-100:], step.pick)
    if note is not None:
        await person.ask(step, "GET", f"/api/tickets/{note.id}", about=(note.id,), expected=_found(note))


async def browse(person: Person, step: Step) -> None:
    """Reads what is on sale."""
    sort = ("newest", "price", "-price")[int(step.pick * 3)]
    await person.ask(step, "GET", "/api/tickets", expected=(200,), params={"sort": sort, "limit": "20"})
