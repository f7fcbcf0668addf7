"""What must never be true, and what must not be true once nothing is under way any more (design, section 5)."""

from collections.abc import Iterator

from .base import State
from .ledger import PAID
from .model import Model
from .views import NOBODY, OrdersView, OrderView, TicketView

HOLDS = frozenset({"created", "awaiting:payment", "complete"})
RISES = 40
"""A version that no story of a scope comes near to."""


class Judge:
    """Of one scope. After a loss a replica may be behind, if its owner's `announce` would repair it."""

    def __init__(self, model: Model) -> None:
        self.table = model.table
        self.scope = model.scope
        self.never = model.scope.deadline == "never"

    def always(self, st: State) -> Iterator[str]:
        """At any moment."""
        orders: tuple[OrderView, ...] = self.table.views[st.orders].orders
        if max(self.table.views[st.tickets].version, *(one.version for one in orders), 0) > RISES:
            yield "it never comes to rest: a version rises and rises"
        if sum(one.status in HOLDS for one in orders) > 1:
            yield "I1 two orders hold one ticket"
        for i, one in enumerate(orders):
            paid = sum(state in PAID for state in self.table.ledgers[st.ledgers[i]].states)
            if paid > 1:
                yield f"I2 order {i} is charged twice"
            if paid and one.status not in {"awaiting:payment", "complete"}:
                yield f"I2 order {i} is {one.status} and charged"
            if one.reason == "expired" and not st.due[i]:
                yield f"I3 order {i} expired before its deadline"

    def at_rest(self, st: State) -> Iterator[str]:
        """When nothing is under way."""
        lossless = st.left.lose == self.scope.left.lose
        ticket: TicketView = self.table.views[st.tickets]
        known: OrdersView = self.table.views[st.orders]
        if st.pend:
            yield "I5 a message is never taken"
        if ticket.outbox or known.outbox:
            yield "I5 a message is never published"
        yield from self._ticket(ticket, known, lossless)
        for i, one in enumerate(known.orders):
            yield from self._money(st, i, one, lossless)
            yield from self._order(st, i, one)
            yield from self._replicas(st, i, one, lossless)

    def _ticket(self, ticket: TicketView, known: OrdersView, lossless: bool) -> Iterator[str]:
        holder = next((i for i, one in enumerate(known.orders) if one.status in HOLDS), NOBODY)
        if ticket.lock != holder:
            yield f"I4 the ticket is {'locked for nobody' if holder == NOBODY else 'free for an order that holds it'}"
        replica = known.ticket
        if replica is None:
            if lossless:
                yield "I6 orders does not know the ticket"
            return
        if replica[1:4] != ticket[1:4] and (lossless or replica.version >= ticket.version):
            yield "I6 orders has another ticket"
        for i, one in enumerate(known.orders):
            offered = one.reason == "rejected" and not replica.deleted and replica.price == one.price
            if one.status == "complete" and (ticket.deleted or ticket.price != one.price):
                yield f"I4 order {i} is complete, its ticket is another one"
            if offered and (ticket.deleted or ticket.price != replica.price):
                yield f"I8 orders still offers what order {i} was refused for"

    def _money(self, st: State, i: int, one: OrderView, lossless: bool) -> Iterator[str]:
        states = self.table.ledgers[st.ledgers[i]].states
        over = one.status != "created" and (lossless or not self.never)
        if "authorized" in states:
            late = one.status == "cancelled" and one.paid_version >= 0 and not one.authorized
            yield f"I2 money is held for order {i}, which is {one.status}{' and was when it heard so' if late else ''}"
        told = self.table.views[
            st.payments[i]
        ].intents  # one that was made twice is never confirmed, its secret not told
        intents = self.table.ledgers[st.ledgers[i]].intents
        if over and any(each.state == "action" or (each.state == "new" and each.id in told) for each in intents):
            yield f"I2 an intent of order {i}, which is {one.status}, waits for its buyer"
        if over and "declined" in states:
            yield f"I2 a declined intent of order {i}, which is {one.status}, can still be confirmed"
        if one.status == "complete" and not PAID.intersection(states):
            yield f"I2 order {i} is complete and not paid"
        if "refunded" in states and not one.refunded and lossless:
            yield f"I6 order {i} does not know of its refund"

    def _order(self, st: State, i: int, one: OrderView) -> Iterator[str]:
        if one.status == "awaiting:payment" or (one.status == "created" and (not self.never or not one.locked)):
            forgotten = self.table.views[st.timers[i]].state == "ended" and one.status == "created"
            yield f"I3 order {i} stays {one.status}{', its deadline forgotten' if forgotten else ''}"
        asked = ("capfail", "silence")
        faultless = all(getattr(st.left, name) == getattr(self.scope.left, name) for name in asked)
        if one.reason == "failed" and self.never and faultless:
            yield f"I3 order {i} failed and nothing was wrong with it"

    def _replicas(self, st: State, i: int, one: OrderView, lossless: bool) -> Iterator[str]:
        payment = self.table.views[st.payments[i]]
        if payment.known != one.status and (lossless or payment.heard >= one.version):
            yield f"I6 payments has another order {i}"
        if payment.outbox or payment.inbox:
            yield f"I5 payments keeps something of order {i} to itself"
        if payment.due and one.status in {"complete", "cancelled"} and lossless:
            yield f"I5 payments is never done with order {i}"
        timer = self.table.views[st.timers[i]]
        if self.scope.timer and not self.never and (timer.state == "fired" or (lossless and timer.state != "ended")):
            yield f"I6 expiration keeps the deadline of order {i}"
        if timer.state == "armed" and lossless and timer.expires_at != one.expires_at:
            yield f"I6 expiration has another deadline of order {i}"

    def ends(self, st: State) -> Iterator[str]:
        """What has become of the orders."""
        for i, one in enumerate(self.table.views[st.orders].orders):
            refunded = "refunded" in self.table.ledgers[st.ledgers[i]].states
            yield " ".join(filter(None, [one.status, one.reason, "refunded" if refunded else ""]))
