"""What every action of a service leads to from every state of it, worked out by the real code, once each.

A service touches nothing but its own databases, what it says and what it asks of Stripe. So what it does in one state
of its own is the same in whatever state the others are, and a world is a handful of numbers.
"""

from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import bson

from .gates import Run
from .house import Done, House
from .ledger import Call, Ledger
from .moments import at_ease, remembered
from .shop import Said
from .views import VIEWS

NOW = timedelta()
Told = tuple[Any, ...]
"""An action by its name in `Shop`, and what it is given."""


class Job(NamedTuple):
    """A process in the middle of something. `log`: what it was answered; `before`: what it is about to do."""

    who: str
    order: int
    action: tuple[Any, ...]
    moment: timedelta
    log: tuple[Any, ...]
    before: Call


class Step(NamedTuple):
    """What a step leads to: the service's state, the messages by number, and the job, None where it has ended."""

    state: int
    said: tuple[int, ...]
    job: int | None
    writes: int
    operations: int
    taken: bool


class Table:
    """Everything worked out so far; it serves any number of searches."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.states: list[bytes] = [b""]
        self.views: list[Any] = [None]
        self.messages: list[Said] = house.shop.messages
        house.other.messages = self.messages
        self.jobs: list[Job] = []
        self.ledgers: list[Ledger] = [Ledger()]
        self._numbers: dict[Any, int] = {Ledger(): 0}
        self._steps: dict[tuple[Any, ...], Step] = {}
        self._eased: dict[tuple[int, bool], int] = {}
        self._outcomes: dict[tuple[Any, ...], tuple[tuple[str, str, int, Any], ...]] = {}

    # ---- numbers
    def _state(self, name: str, state: bytes) -> int:
        number = self._numbers.get((name, state))
        if number is None:
            number = self._numbers[name, state] = len(self.states)
            self.states.append(state)
            self.views.append(VIEWS[name](bson.decode(state) if state else {}))
        return number

    def message(self, said: Said) -> int:
        return self._number(self.messages, said)

    def job(self, job: Job) -> int:
        return self._number(self.jobs, job)

    def ledger(self, ledger: Ledger) -> int:
        return self._number(self.ledgers, ledger)

    def _number(self, those: list[Any], value: Any) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(those)
            those.append(value)
        return number

    def empty(self, name: str) -> int:
        """The number of the state in which a service has heard of nothing."""
        return self._state(name, b"")

    def at_ease(self, number: int, busy: bool) -> int:
        """A state of payments without what makes no difference any more."""
        eased = self._eased.get((number, busy))
        if eased is None:
            state = bson.decode(self.states[number]) if self.states[number] else {}
            if "payments" in state:
                state["payments"] = [at_ease(one, busy=busy) for one in state["payments"]]
            eased = self._state("payments", bson.encode(state) if state else b"")
            self._eased[number, busy] = eased
        return eased

    # ---- steps
    def act(
        self, name: str, state: int, action: tuple[Any, ...], moment: timedelta = NOW, *, cut: int = 0, ledger: int = 0
    ) -> Step:
        """A whole action; `cut`: it dies after so many writes, and what it left is published by the next process."""
        key = (state, name, action, moment, cut, ledger)
        if key not in self._steps:
            run = Run(limit=cut or None, answers=self.ledgers[ledger].answer)
            done = self._do(name, state, action, moment, run, crash=bool(cut))
            assert cut or done.before is None, f"{action} needs Stripe: {done.before}"
            self._steps[key] = self._step(name, self._revived(name, done) if cut else done, None)
        return self._steps[key]

    def torn(self, name: str, state: int, moment: timedelta, actions: tuple[Told, Told], place: int) -> Step:
        """An action, and before one of its steps, reads included, another one by another process, to its end."""
        key = (state, name, actions, moment, place)
        if key not in self._steps:
            action, other = actions
            then = partial(getattr(self.house.other, other[0]), name, *other[1:])
            done = self._do(name, state, action, moment, Run(meanwhile=(place, then)), crash=False)
            self._steps[key] = self._step(name, done, None)
        return self._steps[key]

    def _revived(self, name: str, done: Done) -> Done:
        """After a crash: its relay publishes what the dead process did not. That it may come later is nothing new."""
        after = self.house.act(name, done.state, partial(self.house.shop.relay, name))
        return done._replace(state=after.state, said=after.said)

    def begin(self, state: int, job: Job, *, cut: bool = False, torn: tuple[int, Told] | None = None) -> Step:
        """The next write of a job at payments, and the reads before it; `cut`: it dies then; `torn`: as below."""
        key = (state, job, cut, torn)
        if key not in self._steps:
            then = torn and (torn[0], partial(getattr(self.house.other, torn[1][0]), "payments", *torn[1][1:]))
            run = Run(log=list(job.log), limit=1, meanwhile=then)
            done = self._do("payments", state, job.action, job.moment, run, crash=cut)
            self._steps[key] = self._step("payments", self._revived("payments", done) if cut else done, job)
        return self._steps[key]

    def answered(self, job: Job, reply: Any) -> int | None:
        """The job after an answer of Stripe's: up to what it does next."""
        key = (job, reply)
        if key not in self._steps:
            run = Run(log=[*job.log, ("stripe", reply)], limit=0)
            done = self._do("payments", 0, job.action, job.moment, run, crash=True)
            self._steps[key] = self._step("payments", done, job)
        return self._steps[key].job

    def outcomes(self, ledger: int, call: Call, *, troubles: bool) -> tuple[tuple[str, str, int, Any], ...]:
        """What a call to Stripe may come to: in words, of which budget, the ledger, the answer."""
        key = (ledger, call, troubles)
        if key not in self._outcomes:
            those = [*self.ledgers[ledger].outcomes(call)]
            those += self.ledgers[ledger].troubles(call) if troubles else ()
            self._outcomes[key] = tuple((one.told, one.budget, self.ledger(one.ledger), one.reply) for one in those)
        return self._outcomes[key]

    def _step(self, name: str, done: Done, job: Job | None) -> Step:
        after = None
        if job is not None and done.before is not None:
            after = self.job(job._replace(log=tuple(map(remembered, done.log)), before=done.before))
        said = tuple(dict.fromkeys(self.message(one) for one in done.said))
        return Step(self._state(name, done.state), said, after, done.writes, done.operations, done.taken)

    def _do(self, name: str, state: int, action: tuple[Any, ...], moment: timedelta, run: Run, *, crash: bool) -> Done:
        what = partial(getattr(self.house.shop, action[0]), name, *action[1:])
        return self.house.act(name, self.states[state], what, moment=moment, run=run, crash=crash)
