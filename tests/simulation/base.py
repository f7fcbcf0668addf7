"""A small world as a handful of numbers, and how one service's step changes it."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from .scope import Left, Scope
from .table import NOW, Step, Table, Told
from .views import place_of

CONSUMERS = ("tickets", "orders", "payments", "expiration")
"""A message on its way to one of them is its number times four, plus the consumer's."""


class State(NamedTuple):
    """Numbers of the table, one for each order where a service keeps its orders apart.

    `pend`, `done`: messages on their way and delivered ones. `busy`: jobs under way. `due`: whose deadline has passed.
    """

    tickets: int
    orders: int
    payments: tuple[int, ...]
    ledgers: tuple[int, ...]
    timers: tuple[int, ...]
    pend: frozenset[int]
    done: frozenset[int]
    busy: tuple[int, ...]
    due: tuple[bool, ...]
    left: Left


Move = tuple[Told, State, bool]
"""What happens, what it leads to, and whether it must happen sooner or later."""


def put(items: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    """With another value in that place."""
    return (*items[:place], value, *items[place + 1 :])


class Base:
    """What the moves of a scope have in common."""

    def __init__(self, table: Table, scope: Scope) -> None:
        self.table = table
        self.scope = scope
        self._hearers: dict[int, tuple[int, ...]] = {}
        self._about: dict[int, int] = {}
        self._ages: dict[int, tuple[Any, ...]] = {}

    def use(self, st: State, name: str) -> State:
        """With one less of a budget."""
        left = st.left.without(name)
        return st._replace(left=left, done=st.done if left.dup else frozenset())

    def hearers(self, number: int) -> tuple[int, ...]:
        """A message on its way to everybody who hears it."""
        if number not in self._hearers:
            names = self.table.house.shop.bus.hearers.get(self.table.messages[number][0], [])
            heard = [one for one in names if one != "expiration" or self.scope.timer]
            self._hearers[number] = tuple(number * len(CONSUMERS) + CONSUMERS.index(one) for one in heard)
        return self._hearers[number]

    def oldest_first(self, those: Iterable[int]) -> list[int]:
        """Messages on their way by their versions: an order that any run finds again."""
        return sorted(those, key=lambda one: self._ages.get(one) or self._age(one))

    def _age(self, one: int) -> tuple[Any, ...]:
        subject, payload = self.table.messages[one // len(CONSUMERS)]
        data = json.loads(payload)["data"]
        self._ages[one] = data.get("number", 0), data.get("version", 0), subject, payload, one % len(CONSUMERS)
        return self._ages[one]

    def about(self, number: int) -> int:
        """Which order a message of orders, payments or expiration is about."""
        if number not in self._about:
            data = json.loads(self.table.messages[number][1])["data"]
            self._about[number] = place_of(data.get("orderId") or data["id"])
        return self._about[number]

    def own(self, st: State, name: str, place: int) -> int:
        """The state of a service."""
        match name:
            case "tickets":
                return st.tickets
            case "orders":
                return st.orders
        return (st.payments if name == "payments" else st.timers)[place]

    def after(self, st: State, name: str, place: int, step: Step) -> State:
        """With a service's new state and its messages on their way."""
        pend = st.pend
        if step.said:
            pend = pend.union(*(self.hearers(one) for one in step.said))
        match name:
            case "tickets":
                return st._replace(tickets=step.state, pend=pend)
            case "orders":
                return st._replace(orders=step.state, pend=pend)
            case "payments":
                return st._replace(payments=put(st.payments, place, step.state), pend=pend)
        return st._replace(timers=put(st.timers, place, step.state), pend=pend)

    def whole(
        self,
        st: State,
        name: str,
        place: int,
        action: Told,
        *,
        moment: timedelta = NOW,
        must: bool = False,
        budget: str = "",
        ledger: int = 0,
    ) -> Iterator[Move]:
        """An action to its end, and cut short after each of its writes; nothing where it is refused."""
        own = self.own(st, name, place)
        step = self.table.act(name, own, action, moment, ledger=ledger)
        if step.state == own and not step.said:
            return
        before = self.use(st, budget) if budget else st
        yield (name, place, action), self.after(before, name, place, step), must
        for cut in range(1, step.writes + 1) if st.left.crash else ():
            dead = self.table.act(name, own, action, moment, cut=cut, ledger=ledger)
            if dead[:2] != step[:2]:
                new = self.after(self.use(before, "crash"), name, place, dead)
                yield ("CRASH after write", cut, name, place, action), new, False
