"""What buyers do, but for paying."""

import asyncio
from datetime import datetime, timedelta

from common.clock import now

from .api import Reply
from .ledger import ENDED, OrderNote, TicketNote
from .plan import Step
from .selling import one_of
from .world import Person

I3_LIMIT = timedelta(seconds=60)
_LOOK_AGAIN = (0.5, 1.0, 2.0)
"""Seconds between reads of what looks wrong: a paused database that wakes may show the past for a moment."""
_HEARD_OF_WITHIN = timedelta(seconds=10)
"""Until an event has come everywhere; longer only while something is broken."""


async def reserve(person: Person, step: Step) -> None:
    """Reserves one of the newest tickets on sale; many want the same."""
    if ticket := one_of(person.world.ledger.on_sale(), step.pick):
        await _reserve(person, step, ticket)


async def rush(person: Person, step: Step) -> None:
    """Reserves what others reach for at the same moment: one of the very newest, or one that is held."""
    tickets = list(person.world.ledger.tickets.values())[-8:]
    if ticket := one_of([one for one in tickets if not one.gone], step.pick):
        await _reserve(person, step, ticket)


async def reserve_twice(person: Person, step: Step) -> None:
    """An impatient finger: one of the two is refused."""
    if ticket := one_of(person.world.ledger.on_sale(), step.pick):
        replies = await asyncio.gather(_reserve(person, step, ticket), _reserve(person, step, ticket))
        ids = {reply.body["id"] for reply in replies if reply.ok}
        if len(ids) > 1:
            await _check_one_holder(person, step, ids, ticket)


async def _check_one_holder(person: Person, step: Step, ids: set[str], ticket: TicketNote) -> None:
    """Two orders for one ticket are possible only if the first ended before the second was made."""
    found = [await look(person, step, person.world.ledger.orders[one]) for one in ids]
    holding = [one for one in found if one is not None and one["status"] != "cancelled"]
    if len(holding) > 1:
        told = f"two orders hold one ticket: {[one['id'] for one in holding]}"
        person.world.history.violated("I1", told, ticket.id, *ids)


async def _reserve(person: Person, step: Step, ticket: TicketNote) -> Reply:
    may_be_unknown = ticket.maybe_gone or now() - ticket.listed_at < _HEARD_OF_WITHIN
    reply = await person.ask(
        step,
        "POST",
        "/api/orders",
        about=(ticket.id,),
        expected=(201, 400, 404, 409) if may_be_unknown else (201, 400, 409),
        only_broken=(404,),
        json={"ticketId": ticket.id},
    )
    if reply.ok:
        person.world.ledger.order(reply.body, person.number, acknowledged=True)
    return reply


async def cancel(person: Person, step: Step) -> None:
    """Gives a reservation up."""
    note = one_of(person.world.ledger.open_orders(person.number), step.pick)
    if note is None:
        return
    path = f"/api/orders/{note.id}"
    reply = await person.ask(step, "DELETE", path, about=(note.id, note.ticket), expected=(204, 400))
    ticket = person.world.ledger.tickets.get(note.ticket)
    if ticket is not None and ticket.holder == note.id:
        ticket.released()
    if reply.ok:
        note.given_up, note.status = True, "cancelled"


async def extend(person: Person, step: Step) -> None:
    """Asks for more time."""
    note = one_of(person.world.ledger.open_orders(person.number), step.pick)
    if note is None or not person.world.can_extend:
        return
    path = f"/api/orders/{note.id}/extend"
    reply = await person.ask(step, "POST", path, about=(note.id, note.ticket), expected=(200, 400))
    if reply.ok:
        person.world.ledger.saw(note, reply.body)


async def look_at_order(person: Person, step: Step) -> None:
    """Reads an order of one's own."""
    if note := one_of(person.world.ledger.own_orders(person.number), step.pick):
        await look(person, step, note)


async def look(person: Person, step: Step, note: OrderNote) -> dict[str, object] | None:
    """The order as it is now; whatever was promised of it has to be true."""
    wrong = None
    for pause in (0.0, *_LOOK_AGAIN):
        await asyncio.sleep(pause)
        expected = (200,) if note.acknowledged else (200, 404)
        reply = await person.ask(step, "GET", f"/api/orders/{note.id}", about=(note.id, note.ticket), expected=expected)
        if not reply.ok:
            return None
        wrong = _wrong(note, reply.body)
        if wrong is None:
            person.world.ledger.saw(note, reply.body)
            return dict(reply.body)
    if wrong is not None:
        person.world.history.violated(*wrong, note.id, note.ticket)
    return None


def _wrong(note: OrderNote, body: dict[str, str]) -> tuple[str, str] | None:
    """What an answer says that may not be."""
    status = body["status"]
    if note.given_up and status != "cancelled":
        return "acknowledged", f"its buyer cancelled this order, which was acknowledged, and it is {status}"
    if note.status in ENDED and status != note.status:
        return "acknowledged", f"this order was {note.status} and is {status}"
    if status == "complete" and not note.paying:
        return "I2", "this order is complete and its buyer never tried to pay"
    if status == "created" and now() > _deadline(body) + I3_LIMIT:
        return "I3", f"this reservation outlives its deadline {body['expiresAt']} by more than 60 s"
    return None


def _deadline(body: dict[str, str]) -> datetime:
    return datetime.fromisoformat(body["expiresAt"])


async def look_at_orders(person: Person, step: Step) -> None:
    """Reads all of one's own orders, page by page: also those whose acknowledgement was lost."""
    cursor: dict[str, str] = {}
    while True:
        query = {"limit": "100", **cursor}
        reply = await person.ask(step, "GET", "/api/orders", expected=(200,), params=query)
        if not reply.ok:
            return
        for body in reply.body:
            if body["userId"] != reply.body[0]["userId"]:
                person.world.history.violated("I7", f"{person.name} was shown another's order", body["id"])
            if body["id"] not in person.world.ledger.orders:
                person.world.ledger.order(body, person.number, acknowledged=False)
        if len(reply.body) < 100:
            return
        cursor = {"cursor": reply.body[-1]["id"]}
