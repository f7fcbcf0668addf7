"""Larger worlds by seed: three orders, every kind of person and of fault, any order of steps, until all is at rest.

`pytest tests/simulation/test_walks.py -k 17` takes the walk with seed 17 again, step by step.
"""

import asyncio
import random  # noqa: TID251 (a seed makes each story one that can be told again)
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from .auditor import LATER, Auditor
from .base import CONSUMERS, State
from .judge import Judge
from .model import Model
from .scope import scope
from .table import Table

SEEDS = 80
STEPS = 2_000
SCOPE = scope(
    reserve=3,
    cancel=1,
    extend=1,
    pay=4,
    open=1,
    edit=2,
    delete=1,
    refund=1,
    decline=2,
    action=1,
    reconfirm=1,
    capfail=1,
    silence=2,
    dup=2,
    crash=3,
    early=2,
    workers=2,
    timer=True,
)
LEISURE = replace(SCOPE, left=SCOPE.left._replace(cancel=0, edit=0, delete=0), deadline="never")
"""Where purchases come to an end."""
LOSSY = scope(reserve=3, cancel=1, pay=3, edit=1, decline=1, crash=2, lose=2, early=1, timer=True)


def lossy(seed: int) -> bool:
    """Whether messages may be lost in this walk, so that replicas may be behind until they are announced again."""
    return seed % 3 == 0


def walk(table: Table, seed: int) -> tuple[State, set[int]]:
    """One story, to its end: each kind of person and of fault comes as often as the others, and between them comes

    most often what usually comes first. Its end, and every message that was said.
    """
    chance = random.Random(seed)  # noqa: S311 (nothing here is a secret)
    model = Model(table, (LOSSY, SCOPE, LEISURE)[seed % 3])
    judge, st, told = Judge(model), model.start(), [f"seed {seed}"]
    said: set[int] = set()
    for _ in range(STEPS):
        said.update(one // len(CONSUMERS) for one in st.pend)
        moves = [move for move in model.moves(st) if move[1] != st]
        must = [move for move in moves if move[2]]
        may = [move for move in moves if not move[2]]
        wrong = list(judge.always(st)) if must else [*judge.always(st), *judge.at_rest(st)]
        assert not wrong, "\n    ".join([*wrong, *told])
        if not must and (not may or chance.random() < 0.1):
            return st, said
        if not must or (may and chance.random() < 0.2):
            spent = chance.choice(sorted({move[1].left for move in may}))
            what, st, _ = chance.choice([move for move in may if move[1].left == spent])
        else:
            what, st, _ = chance.choices(must, [0.5**place for place in range(len(must))])[0]
        told.append(model.tell(what))
    raise AssertionError("\n    ".join(["it never comes to rest", *told]))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_walk_ends_as_it_should(table: Table, seed: int) -> None:
    """To the judge of the simulation, and to the audit of a running system, to whom the shop and the mails belong."""
    st, said = walk(table, seed)
    leisurely = seed % 3 == 2
    auditor = Auditor(table, st, said, timedelta(minutes=10) if leisurely else LATER)
    report = asyncio.run(auditor.report(random.Random(seed)))  # noqa: S311 (nothing here is a secret)
    assert not report.unquiet or leisurely, report.unquiet
    assert not report.violations or lossy(seed), report.violations
    assert len(set(auditor.sent.to)) == len(auditor.sent.to)


@pytest.mark.timeout(600)
def test_every_end_is_reached(table: Table) -> None:
    """Or the walks would show nothing."""
    judge, ends = Judge(Model(table, SCOPE)), Counter[str]()
    for seed in range(SEEDS):
        ends.update(judge.ends(walk(table, seed)[0]))
    wanted = {"complete", "complete refunded", "cancelled buyer", "cancelled expired", "cancelled rejected"}
    assert set(ends) >= wanted, ends
