"""Everything that can happen in a small world, in any order: the real services' counterpart of the protocol's model.

A message may come late, in any order, twice (`dup`) or never (`lose`). A process may die between any two steps, and
its last request may still reach Stripe (`crash`). A step either must happen sooner or later (a delivery, a worker, a
sweep) or may happen while its budget lasts (a person, a fault).
"""

import json
from collections.abc import Iterator

from .base import CONSUMERS, Move, State, put
from .moments import LATE, MINUTE, RETRY
from .races import Races
from .table import NOW, Told

ORDERS = CONSUMERS.index("orders")


class Model(Races):
    """The moves of one scope."""

    def start(self) -> State:
        """The ticket has just been listed; nobody has heard of it yet."""
        n, empty = self.scope.left.reserve, self.table.empty
        state = State(
            tickets=empty("tickets"),
            orders=empty("orders"),
            payments=(empty("payments"),) * n,
            ledgers=(0,) * n,
            timers=(empty("expiration"),) * n,
            pend=frozenset(),
            done=frozenset(),
            busy=(),
            due=(self.scope.deadline == "any",) * n,
            left=self.scope.left,
        )
        return self.after(state, "tickets", 0, self.table.act("tickets", state.tickets, ("sell",)))

    def deliveries(self, st: State) -> Iterator[Move]:
        """Every message on its way comes, is lost, or comes again."""
        for one in self.oldest_first(st.pend):
            rest = st._replace(pend=st.pend - {one}, done=st.done | {one} if st.left.dup else st.done)
            yield from self._delivery(st, one, rest)
            if st.left.lose:
                yield ("LOST", one), self.use(rest, "lose"), False
        for one in self.oldest_first(st.done):
            rest = self.use(st._replace(done=st.done - {one}), "dup")
            for _, new, must in self._delivery(st, one, rest):
                if must:
                    yield ("ONCE MORE", one), new, False

    def _delivery(self, st: State, one: int, rest: State) -> Iterator[Move]:
        number, consumer = divmod(one, len(CONSUMERS))
        name, action = CONSUMERS[consumer], ("hear", number)
        place = self.about(number) if consumer > ORDERS else 0
        early = consumer == ORDERS and self.table.messages[number][0].startswith("expiration")
        moment = LATE if early and st.due[self.about(number)] else NOW
        own = self.own(st, name, place)
        step = self.table.act(name, own, action, moment)
        if not step.taken:
            return
        yield ("hears", one), self.after(rest, name, place, step), True
        for cut in range(1, step.writes + 1) if st.left.crash else ():
            dead = self.table.act(name, own, action, moment, cut=cut)
            yield ("CRASH after write", cut, "hears", one), self.after(self.use(st, "crash"), name, place, dead), False

    def clocks(self, st: State) -> Iterator[Move]:
        """Deadlines pass; orders finds what is overdue; timers fire, whatever the clock of orders says."""
        if self.scope.deadline == "never":
            return
        for i, one in enumerate(self.table.views[st.orders].orders):
            if one.status == "created" and not st.due[i]:
                yield ("the deadline passes", i), st._replace(due=put(st.due, i, True)), True
            elif one.status == "created":
                yield from self.whole(st, "orders", 0, ("overdue",), moment=LATE, must=True)
            for job in self.table.views[st.timers[i]].jobs:
                yield from self.whole(st, "expiration", i, ("fire", job), moment=LATE, must=True)

    def moves(self, st: State) -> list[Move]:
        """Everything that can happen now; what must, in the order in which it usually does."""
        now = [
            *self.buyers(st),
            *self.browsers(st),
            *self.sellers(st),
            *self.operators(st),
            *self.races(st),
            *self.jobs(st),
            *self.workers(st, RETRY),
            *self.hooks(st),
            *self.deliveries(st),
            *self.sweeps(st),
            *self.workers(st, MINUTE, LATE),
            *self.clocks(st),
        ]
        for name, place, action, _ in self.repeats(st) if st.left.early else ():
            now += self.whole(st, name, place, action, moment=MINUTE, budget="early")
        now = [(told, self._at_ease(st, new), must) for told, new, must in now]
        if self.scope.ordered:
            now = list(self._in_order(st, now))
        if not any(must and new != st for _, new, must in now):
            now += self._minute(st)
        return now

    def _minute(self, st: State) -> Iterator[Move]:
        """Nothing else is under way, so all that wait for an answer say it again."""
        new = st
        for name, place, action, own in self.repeats(st):
            new = self.after(new, name, place, self.table.act(name, own, action, MINUTE))
        if new != st:
            yield ("a minute passes: all that wait say it again",), self._at_ease(st, new), True

    def _in_order(self, st: State, now: list[Move]) -> Iterator[Move]:
        """What must happen, in order unless that is put off."""
        first = True
        for told, new, must in now:
            if not must or new == st or first:
                yield told, new, must
            elif st.left.delay:
                yield told, new._replace(left=new.left.without("delay")), must
            first = first and (not must or new == st)

    def _at_ease(self, before: State, st: State) -> State:
        """Without what makes no difference any more in payments."""
        if st.payments is before.payments and st.busy is before.busy:
            return st
        busy = {job.order for job in (self.table.jobs[one] for one in st.busy) if job.who == "worker"}
        eased = tuple(self.table.at_ease(one, i in busy) for i, one in enumerate(st.payments))
        return st if eased == st.payments else st._replace(payments=eased)

    # ---- in words
    def tell(self, told: Told) -> str:
        """What happens."""
        if told[-2:-1] and told[-2] in {"hears", "LOST", "ONCE MORE"}:
            number, consumer = divmod(told[-1], len(CONSUMERS))
            return " ".join(map(str, (*told[:-1], CONSUMERS[consumer], self._message(number))))
        return " ".join(" ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in told)

    def _message(self, number: int) -> str:
        subject, payload = self.table.messages[number]
        event = json.loads(payload)
        data = event["data"]
        shown = ("version", "number", "status", "orderId", "priceCents", "deleted")
        told = ", ".join(f"{name} {data[name]}" for name in shown if data.get(name) not in {None, False})
        return f"{subject}{' REPEAT' if event.get('repeat') else ''} ({told})"
