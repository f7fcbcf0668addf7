"""I4 and I8: tickets, and the orders that have them."""

from collections.abc import Iterator

from infra.ops.audit.finding import Finding, Result, When
from infra.ops.audit.look import Look
from infra.ops.audit.things import Order, Ticket

_ROUTES = (("tickets", "ORDERS"), ("orders", "TICKETS"))


def locked_for_its_order(look: Look) -> Result:
    """I4, once quiet."""
    return Result.of("I4", len(look.tickets), [*_locked_in_vain(look), *_not_locked(look)])


def _locked_in_vain(look: Look) -> Iterator[Finding]:
    for ticket in look.tickets.values():
        if ticket.order is None:
            continue
        order = look.orders.get(ticket.order)
        if order is None:
            yield _finding(ticket, None, f"locked for order {ticket.order}, which orders does not know")
        elif not order.holds:
            yield _finding(ticket, order, f"locked for an order that is {order.status}")
        elif order.ticket != ticket.id:
            yield _finding(ticket, order, "locked for an order of another ticket")


def _not_locked(look: Look) -> Iterator[Finding]:
    for ticket_id, holders in look.holders.items():
        ticket = look.tickets.get(ticket_id)
        for order in holders:
            if ticket is None:
                yield _finding(None, order, f"holds ticket {ticket_id}, which tickets does not know")
            elif ticket.order != order.id:
                yield _finding(ticket, order, f"not locked for its order, which is {order.status}")
            elif order.status == "complete" and ticket.cents != order.cents:
                yield _finding(ticket, order, f"sold for {order.cents} cents, and its price is {ticket.cents}")


def _finding(ticket: Ticket | None, order: Order | None, told: str) -> Finding:
    documents = tuple(str(one) for one in (ticket, order) if one is not None)
    moving = (ticket is not None and ticket.motion.any) or (order is not None and order.motion.any)
    return Finding("I4", documents, told, When.QUIET, _ROUTES, moving)


def available_can_be_bought(look: Look) -> Result:
    """I8, while every part runs: for longer than a look and another, that is."""
    shown = [ticket for ticket in look.tickets.values() if ticket.free]
    listed = [line for line in look.heard("client", "ticket") if line["state"]["listed"]]

    def found() -> Iterator[Finding]:
        for ticket in shown:
            yield from _taken(look, ticket.id, str(ticket), "tickets shows it", "tickets")
        for line in listed:
            name = f"client's ticket {line['id']} v{line['version']}"
            yield from _taken(look, line["id"], name, "the shop shows it", "client")
            owned = look.tickets.get(line["id"])
            if owned is None or owned.deleted:
                told = "the shop shows it as available, and it was taken down"
                yield Finding("I8", (name,), told, When.ALIVE, (("client", "TICKETS"),))

    return Result.of("I8", len(shown) + len(listed), found())


def _taken(look: Look, ticket_id: str, name: str, who: str, service: str) -> Iterator[Finding]:
    for order in look.holders.get(ticket_id, ()):
        told = f"{who} as available, and an order has it"
        yield Finding("I8", (name, str(order)), told, When.ALIVE, ((service, "ORDERS"),))
