"""Breadth-first through every state of a scope, then a search for runs that never come to rest."""

import gc
import time
from array import array
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import pairwise

from .base import CONSUMERS, State
from .house import ListenerFailed
from .judge import Judge
from .model import Model


@dataclass
class Found:
    """`whole`: nothing was left out. `wrong`: what, and the shortest way to it, in words."""

    states: int = 0
    moves: int = 0
    resting: int = 0
    seconds: float = 0.0
    whole: bool = True
    wrong: dict[str, list[str]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)


class Search:
    """Of one scope, up to so many states."""

    def __init__(self, model: Model, limit: int) -> None:
        self.model = model
        self.judge = Judge(model)
        self.limit = limit
        first = model.start()
        self.numbers: dict[State, int] = {first: 0}
        self.states: list[State] = [first]
        self.parents = array("i", [-1])
        self.edges, self.bounds = array("i"), array("q", [0])
        self.at: dict[str, int] = {}

    def run(self, until: Container[str] | None = None) -> Found:
        """All of it, or up to the first wrong that is not among those."""
        gc.disable()  # millions of tuples, no cycles among them
        try:
            return self._run(until)
        finally:
            gc.enable()

    def _run(self, until: Container[str] | None) -> Found:
        began, found, place = time.process_time(), Found(), 0
        while place < len(self.states) < self.limit:
            self._look(place, found)
            place += 1
            if until is not None and any(what not in until for what in self.at):
                break
        found.states, found.whole = len(self.states), place == len(self.states)
        found.wrong = {what: self.story(self._way(at)) for what, at in self.at.items()}
        if found.whole and not found.wrong and (loop := find_loop(self.edges, self.bounds)):
            way = [*self.story(self._way(loop[0])), "-- and round and round:", *self.story(loop)]
            found.wrong["it never comes to rest"] = way
        found.seconds = time.process_time() - began
        return found

    def _look(self, place: int, found: Found) -> None:
        st = self.states[place]
        wrong = list(self.judge.always(st))
        if not wrong:
            try:
                moves = self.model.moves(st)
            except (ListenerFailed, AssertionError) as error:
                wrong, moves = [f"{type(error).__name__} {error}"], []
            found.moves += len(moves)
            for _, new, must in moves:
                number = self.numbers.setdefault(new, len(self.states))
                if number == len(self.states):
                    self.states.append(new)
                    self.parents.append(place)
                if must and number != place:
                    self.edges.append(number)
        self.bounds.append(len(self.edges))
        if not wrong and self.bounds[-1] == self.bounds[-2]:
            found.resting += 1
            wrong = list(self.judge.at_rest(st))
            found.ends.update(self.judge.ends(st))
        for what in wrong:
            self.at.setdefault(what, place)

    def end(self, what: str) -> tuple[State, set[int]]:
        """Where it is wrong in this way, and every message said on the way there."""
        states = [self.states[place] for place in self._way(self.at[what])]
        return states[-1], {one // len(CONSUMERS) for st in states for one in st.pend}

    def _way(self, place: int) -> list[int]:
        way = [place]
        while self.parents[way[-1]] >= 0:
            way.append(self.parents[way[-1]])
        return way[::-1]

    def story(self, way: list[int]) -> list[str]:
        """What happens along a way."""
        told = []
        for here, there in pairwise(way):
            moves = self.model.moves(self.states[here])
            told.append(next(self.model.tell(what) for what, new, _ in moves if new == self.states[there]))
        return told


def find_loop(edges: "array[int]", bounds: "array[int]") -> list[int] | None:
    """A closed path of steps that must happen, as numbers of states."""
    count = len(bounds) - 1
    colour, after = bytearray(count), array("q", bounds[:count])
    for root in range(count):
        path = [] if colour[root] else [root]
        while path:
            here = path[-1]
            colour[here] = 1
            if after[here] == bounds[here + 1]:
                colour[here] = 2
                path.pop()
                continue
            there = edges[after[here]]
            after[here] += 1
            if colour[there] == 1:
                return [*path[path.index(there) :], there]
            if colour[there] == 0:
                path.append(there)
    return None
