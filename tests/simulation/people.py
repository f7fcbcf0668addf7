"""What people do, in the shop and at Stripe, while their budgets last."""

from collections.abc import Iterator

from .base import Move, State, put
from .gates import DATABASE
from .processes import Processes
from .shop import PRICES
from .table import NOW, Job


class People(Processes):
    """Buyers, their browsers, the seller."""

    def buyers(self, st: State) -> Iterator[Move]:
        """Reserve, cancel, extend, pay, open the page: the services say what is allowed."""
        orders = self.table.views[st.orders].orders
        if st.left.reserve:
            yield from self.whole(st, "orders", 0, ("reserve", len(orders)), budget="reserve")
        for i, one in enumerate(orders):
            if one.status == "created" and st.left.cancel:
                yield from self.whole(st, "orders", 0, ("cancel", i), budget="cancel")
            if one.status == "created" and st.left.extend and (not st.due[i] or self.scope.deadline == "any"):
                yield from self.whole(st, "orders", 0, ("extend", i), budget="extend")
            for name in ("pay", "open"):
                if getattr(st.left, name):
                    yield from self.begins(st, Job("post", i, (name, i), NOW, (), DATABASE), budget=name)

    def browsers(self, st: State) -> Iterator[Move]:
        """With the client secret a buyer's browser talks to Stripe, and payments is not asked."""
        for i, number in enumerate(st.ledgers):
            ledger = self.table.ledgers[number]
            opened = self.table.views[st.payments[i]].status == "open"
            for place, intent in enumerate(ledger.intents):
                new = st
                outcomes: tuple[str, ...] = ()
                if intent.state == "declined" and st.left.reconfirm:
                    new, outcomes = self.use(st, "reconfirm"), ("authorized", "action")
                elif intent.state == "action":
                    outcomes = ("authorized", "declined")
                elif intent.state == "new" and opened:
                    outcomes = ("authorized", "declined", "action")
                for outcome in outcomes:
                    after = self.table.ledger(ledger.become(place, outcome))
                    yield ("browser", i, outcome), new._replace(ledgers=put(st.ledgers, i, after)), False

    def sellers(self, st: State) -> Iterator[Move]:
        """Edit and take down."""
        if st.left.edit:
            other = PRICES[self.table.views[st.tickets].price == PRICES[0]]
            yield from self.whole(st, "tickets", 0, ("edit", other), budget="edit")
        if st.left.delete:
            yield from self.whole(st, "tickets", 0, ("remove",), budget="delete")

    def operators(self, st: State) -> Iterator[Move]:
        """Refund, by our command or at Stripe."""
        for i, number in enumerate(st.ledgers if st.left.refund else ()):
            ledger = self.table.ledgers[number]
            for place, intent in enumerate(ledger.intents):
                if intent.state == "captured":
                    after = self.table.ledger(ledger.refunded(place))
                    new = self.use(st, "refund")._replace(ledgers=put(st.ledgers, i, after))
                    yield ("refunded at Stripe", i), new, False
            yield from self.begins(st, Job("post", i, ("refund", i), NOW, (), DATABASE), budget="refund")
