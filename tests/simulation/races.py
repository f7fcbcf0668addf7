"""Two processes of a service at work at the same moment: one is between a read and a write while the other acts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from .base import CONSUMERS, Move, State
from .gates import DATABASE
from .moments import LATE, MINUTE, RETRY
from .people import People
from .shop import PRICES
from .table import NOW, Job, Told


class Racer(NamedTuple):
    """An action that could be done now. `spends`: a budget, or the message that it takes."""

    name: str
    place: int
    action: Told
    spends: str | int
    moment: timedelta = NOW


class Races(People):
    """Pairs of whole actions of one service that end as neither order of the two would."""

    def racers(self, st: State) -> Iterator[Racer]:
        """Everything whole that could be done now; a second reservation too."""
        orders = self.table.views[st.orders].orders
        for place in range(len(orders), min(len(orders) + 2, self.scope.left.reserve)):
            yield Racer("orders", 0, ("reserve", place), "reserve")
        for i, one in enumerate(orders):
            if one.status == "created":
                yield Racer("orders", 0, ("cancel", i), "cancel")
                yield Racer("orders", 0, ("extend", i), "extend")
                if st.due[i]:
                    yield Racer("orders", 0, ("overdue",), "", LATE)
        yield Racer("tickets", 0, ("edit", PRICES[self.table.views[st.tickets].price == PRICES[0]]), "edit")
        yield Racer("tickets", 0, ("remove",), "delete")
        for one in self.oldest_first(st.pend):
            number, consumer = divmod(one, len(CONSUMERS))
            if not self.table.messages[number][0].startswith("expiration"):
                yield Racer(CONSUMERS[consumer], self.about(number) if consumer > 1 else 0, ("hear", number), one)

    def races(self, st: State) -> Iterator[Move]:
        """Each pair, the second before each step of the first."""
        if not st.left.race:
            return
        racers = [one for one in self.racers(st) if not isinstance(one.spends, str) or self._may(st, one.spends)]
        for one in racers:
            for other in racers:
                together = (one.name, one.place, one.moment) == (other.name, other.place, other.moment)
                if one != other and together and self._affords(st, one, other):
                    yield from self._race(st, one, other)

        yield from self._jobs_race(st, [one for one in racers if one.name == "payments"])

    def _jobs_race(self, st: State, racers: list[Racer]) -> Iterator[Move]:
        """A step of a job, and a delivery before each step of it."""
        for one in racers:
            jobs = [(number, self.table.jobs[number]) for number in self.under_way(st)]
            looks = [Job("worker", one.place, ("settle",), moment, (), DATABASE) for moment in (RETRY, MINUTE)]
            for number, job in [*jobs, *((None, look) for look in looks if not jobs)]:
                if job.order == one.place and job.before == DATABASE:
                    yield from self._job_races(st, number, job, one)

    def _job_races(self, st: State, number: int | None, job: Job, one: Racer) -> Iterator[Move]:
        own, table = st.payments[job.order], self.table
        heard, alone = table.act("payments", own, one.action), table.begin(own, job)
        late, then = table.begin(heard.state, job), table.act("payments", alone.state, one.action)
        in_turn = {
            (late.state, late.job, frozenset(heard.said + late.said)),
            (then.state, alone.job, frozenset(alone.said + then.said)),
        }
        for place in range(alone.operations):
            step = table.begin(own, job, torn=(place, one.action))
            if (step.state, step.job, frozenset(step.said)) not in in_turn:
                busy = list(st.busy)
                if number is not None:
                    busy.remove(number)
                new = self._spent(self.use(st, "race"), one)._replace(busy=tuple(busy))
                told = ("AT ONCE, before step", place, job.who, job.order, job.action, one.action)
                yield told, self._with(new, job, step), False

    @staticmethod
    def _may(st: State, budget: str) -> bool:
        return not budget or bool(getattr(st.left, budget))

    def _affords(self, st: State, one: Racer, other: Racer) -> bool:
        """The reservations that are next come in their order, and no budget is spent twice."""
        if one.spends == other.spends == "reserve":
            return st.left.reserve > 1 and one.action < other.action
        following = len(self.table.views[st.orders].orders) + 1
        beyond = ("reserve", following) in {one.action, other.action}
        return not beyond and (one.spends != other.spends or not one.spends)

    def _race(self, st: State, one: Racer, other: Racer) -> Iterator[Move]:
        own, actions = self.own(st, one.name, one.place), (one.action, other.action)
        in_turn = {self._in_turn(own, one, other), self._in_turn(own, other, one)}
        for place in range(self.table.act(one.name, own, one.action, one.moment).operations):
            step = self.table.torn(one.name, own, one.moment, actions, place)
            if (step.state, frozenset(step.said)) not in in_turn:
                new = self.after(self._spent(self._spent(self.use(st, "race"), one), other), one.name, one.place, step)
                yield ("AT ONCE, before step", place, one.name, one.place, one.action, other.action), new, False

    def _in_turn(self, own: int, one: Racer, other: Racer) -> tuple[int, frozenset[int]]:
        first = self.table.act(one.name, own, one.action, one.moment)
        second = self.table.act(one.name, first.state, other.action, one.moment)
        return second.state, frozenset(first.said + second.said)

    def _spent(self, st: State, one: Racer) -> State:
        if isinstance(one.spends, int):
            return st._replace(pend=st.pend - {one.spends})
        return self.use(st, one.spends) if one.spends else st
