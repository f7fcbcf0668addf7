"""What processes do at payments, step by step, and what is done by sweeping."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from payments.gateway import Unconfirmed

from .base import Base, Move, State, put
from .gates import DATABASE
from .ledger import READ_ONLY
from .moments import LATE, MINUTE, RETRY
from .table import NOW, Job, Step, Told

HOOKS = {
    "open": {"action", "authorized", "declined", "cancelled"},
    "requires_action": {"authorized", "declined", "cancelled"},
    "declined": {"authorized", "action"},
    "authorized": {"refunded"},
    "captured": {"refunded"},
}
"""Of which states of an intent a webhook tells something new, by the payment's status."""


class Processes(Base):
    """Requests and workers under way, webhooks, sweeps."""

    def begins(self, st: State, job: Job, *, budget: str = "", must: bool = False) -> Iterator[Move]:
        """A job's first write. One that is refused at once has not begun."""
        own = st.payments[job.order]
        step = self.table.begin(own, job)
        if step.state == own and step.job is None:
            return
        before = self.use(st, budget) if budget else st
        yield (job.who, job.order, job.action), self._with(before, job, step), must
        yield from self._dies_writing(before, own, job, step)

    def _with(self, st: State, job: Job, step: Step) -> State:
        st = self.after(st, "payments", job.order, step)
        return st if step.job is None else st._replace(busy=tuple(sorted((*st.busy, step.job))))

    def _dies_writing(self, st: State, own: int, job: Job, step: Step) -> Iterator[Move]:
        """After a write, before anything is published: worth telling where that makes a difference."""
        if st.left.crash and step.writes and (dead := self.table.begin(own, job, cut=True))[:2] != step[:2]:
            new = self.after(self.use(st, "crash"), "payments", job.order, dead)
            yield ("CRASH after writing", job.who, job.order, job.action), new, False

    def jobs(self, st: State) -> Iterator[Move]:
        """The next step of every process that is under way."""
        for number in self.under_way(st):
            yield from self._next(st, number, self.table.jobs[number])

    def under_way(self, st: State) -> list[int]:
        """The jobs, each kind once, in an order that any run finds again."""
        jobs = self.table.jobs
        return sorted(set(st.busy), key=lambda one: (*jobs[one][:2], str(jobs[one]))) if st.busy else []

    def _next(self, st: State, number: int, job: Job) -> Iterator[Move]:
        """Making an intent and noting its id are one step, but for crashes."""
        for told, new, must in self._single(st, number, job):
            making = [one for one in new.busy if one not in st.busy and self._making(one)] if must else []
            if making:
                for then, after, must_too in self._next(new, making[0], self.table.jobs[making[0]]):
                    yield (*told, "-", *then), after, must_too
            else:
                yield told, new, must

    def _making(self, number: int) -> bool:
        job = self.table.jobs[number]
        last: Any = job.log[-1] if job.log else ("",)
        noting = job.before == DATABASE and last[0] == "stripe" and isinstance(last[1], Unconfirmed)
        return job.who != "ghost" and (job.before.step == "create" or noting)

    def _single(self, st: State, number: int, job: Job) -> Iterator[Move]:
        busy = list(st.busy)
        busy.remove(number)
        rest = st._replace(busy=tuple(busy))
        told: Told = (job.who, job.order, job.action)
        if job.before != DATABASE:
            yield from self._asks(st, rest, job, told)
            return
        own = st.payments[job.order]
        step = self.table.begin(own, job)
        yield told, self._with(rest, job, step), True
        yield from self._dies_writing(rest, own, job, step)
        if st.left.crash:
            yield ("CRASH before writing", *told), self.use(rest, "crash"), False

    def _asks(self, st: State, rest: State, job: Job, told: Told) -> Iterator[Move]:
        """Stripe acts, whether or not anybody is left to hear of it."""
        lives = job.who != "ghost"
        troubles = bool(st.left.silence) and lives
        for what, budget, ledger, reply in self.table.outcomes(st.ledgers[job.order], job.before, troubles=troubles):
            if budget and not (getattr(st.left, budget) and lives):
                continue
            new = self.use(rest, budget) if budget else rest
            new = new._replace(ledgers=put(new.ledgers, job.order, ledger))
            then = self.table.answered(job, reply) if lives else None
            if then is not None:
                new = new._replace(busy=tuple(sorted((*new.busy, then))))
            yield (*told, job.before.step, what), new, lives and not budget
        if st.left.crash and lives:
            yield ("CRASH before", job.before.step, *told), self._dies_asking(rest, job), False

    def _dies_asking(self, st: State, job: Job) -> State:
        """The request is on its way, and may still arrive."""
        dead = self.use(st, "crash")
        if job.before.step in READ_ONLY:
            return dead
        ghost = self.table.job(Job("ghost", job.order, job.action[:1], NOW, (), job.before))
        return dead._replace(busy=tuple(sorted((*dead.busy, ghost))))

    # ---- what follows from saved state
    def workers(self, st: State, *moments: timedelta) -> Iterator[Move]:
        """A worker's look at each payment, at those moments at which there is something else to do."""
        for i, own in enumerate(st.payments):
            busy = [job.who for job in (self.table.jobs[one] for one in st.busy) if job.order == i]
            if self.table.views[own].status != "none" and busy.count("worker") < self.scope.workers:
                yield from self._looks(st, i, moments, alone="post" not in busy or self.scope.workers > 1)

    def _looks(self, st: State, i: int, moments: tuple[timedelta, ...], *, alone: bool) -> Iterator[Move]:
        own = st.payments[i]
        view = self.table.views[own]
        pending = view.status == "pending"
        allowed = {
            RETRY: True,
            MINUTE: alone if pending else view.known != "created",
            LATE: not pending and self.scope.deadline != "never",
        }
        seen = {self.table.begin(own, Job("worker", i, ("settle",), RETRY, (), DATABASE)).state}
        for moment in moments:
            job = Job("worker", i, ("settle",), moment, (), DATABASE)
            if allowed[moment] and (moment == RETRY or self.table.begin(own, job).state not in seen):
                yield from self.begins(st, job, must=True)

    def hooks(self, st: State) -> Iterator[Move]:
        """Stripe tells of an intent that has moved, and what was kept of it before a crash is handled."""
        for i, own in enumerate(st.payments):
            payment = self.table.views[own]
            if payment.inbox:
                yield from self.whole(st, "payments", i, ("hooks",), must=True, ledger=st.ledgers[i])
            if payment.intent is None:
                continue
            ledger = self.table.ledgers[st.ledgers[i]]
            state = ledger.intents[ledger.find(payment.intent)].state
            if state in HOOKS.get(payment.status, ()):
                kind = "charge.refunded" if state == "refunded" else "payment_intent.updated"
                action = ("hook", payment.intent, kind)
                yield from self.whole(st, "payments", i, action, must=True, ledger=st.ledgers[i])

    def sweeps(self, st: State) -> Iterator[Move]:
        """What dead processes have left."""
        views = self.table.views
        those = [("tickets", 0, st.tickets), ("orders", 0, st.orders)]
        those += [("payments", i, own) for i, own in enumerate(st.payments)]
        those += [("expiration", i, own) for i, own in enumerate(st.timers)]
        for name, i, own in those:
            if views[own].outbox:
                yield from self.whole(st, name, i, ("relay",), must=True)
            if name == "expiration" and views[own].unscheduled:
                yield from self.whole(st, name, i, ("schedule",), must=True)
            if name == "expiration" and views[own].lost:
                yield from self.whole(st, name, i, ("lost",), moment=LATE, must=True)
            if name == "expiration" and st.left.wipe:
                yield from self.whole(st, name, i, ("wipe",), budget="wipe")

    def repeats(self, st: State) -> Iterator[tuple[str, int, Told, int]]:
        """Who may have to say something again."""
        yield "orders", 0, ("say_again",), st.orders
        for i, own in enumerate(st.payments):
            view = self.table.views[own]
            if view.status == "authorized" and view.known == "created":
                yield "payments", i, ("settle",), own
        for i, own in enumerate(st.timers):
            if self.table.views[own].state == "fired":
                yield "expiration", i, ("say_again",), own
