"""What people try that they may not: another's order, ticket or payment, or anything without an account."""

from typing import Any

from .api import Reply
from .plan import Step
from .selling import one_of
from .world import Person

_REFUSED = (401, 404)
_LISTED = 60
Try = tuple[str, str, dict[str, Any], str]


async def trespass(person: Person, step: Step) -> None:
    """One thing to somebody else's order or ticket; whatever comes, it may not be done."""
    orders = [one for one in list(person.world.ledger.orders.values())[-_LISTED:] if one.owner != person.number]
    tickets = [one for one in list(person.world.ledger.tickets.values())[-_LISTED:] if one.owner != person.number]
    order, ticket = one_of(orders, step.pick), one_of(tickets, step.pick)
    if order is None or ticket is None:
        return
    extend: tuple[Try, ...] = (
        (("POST", f"/api/orders/{order.id}/extend", {}, order.id),) if person.world.can_extend else ()
    )
    tries: tuple[Try, ...] = (
        ("GET", f"/api/orders/{order.id}", {}, order.id),
        ("DELETE", f"/api/orders/{order.id}", {}, order.id),
        ("POST", "/api/payments", {"json": {"orderId": order.id, "token": "pm_card_visa"}}, order.id),
        ("POST", "/api/payments/intents", {"json": {"orderId": order.id}}, order.id),
        ("PUT", f"/api/tickets/{ticket.id}", {"json": {"title": "Mine now", "price": 1}}, ticket.id),
        ("DELETE", f"/api/tickets/{ticket.id}", {}, ticket.id),
        *extend,
    )
    method, path, content, about = tries[int(step.pick * 1e6) % len(tries)]
    token = "" if int(step.pick * 1e7) % 4 == 0 else person.token
    reply = await person.world.api.ask(
        person.name, step.act, method, path, token=token, expected=_REFUSED, about=(about,), **content
    )
    _judge(person, method, path, reply, about)


def _judge(person: Person, method: str, path: str, reply: Reply, about: str) -> None:
    if reply.ok:
        person.world.history.violated("I7", f"{person.name} was let do {method} {path}, which is another's", about)
