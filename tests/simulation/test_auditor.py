"""The audit of a running system finds what the judge of the simulation finds: a control of both."""

import asyncio
import random  # noqa: TID251 (a seed makes each story one that can be told again)

import pytest

from .auditor import Auditor
from .guards import GUARDS, missed
from .house import House
from .model import Model
from .scope import scope
from .search import Search
from .table import Table

SEEN = {
    "one_order_per_ticket": "I1",
    "cancelfirst": "I2",
    "refundkept": "I2",
    "sweep": "I3",
    "declinedcancel": "I2",
    "pair": "I4",
    "contents": "I4",
    "lockheard": "I4",
    "newer": "I6",
    "say_expired": "I6",
}
"""Guards, and of what the audit complains without them."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SEEN)
def test_the_audit_complains(name: str) -> None:
    with missed(name), House() as house:
        table = Table(house)
        search = Search(Model(table, scope(**GUARDS[name].scope).in_order(1)), 60_000)  # type: ignore[arg-type]
        found = search.run(until=())
        auditor = Auditor(table, *search.end(next(iter(found.wrong))))
        report = asyncio.run(auditor.report(random.Random(0)))  # noqa: S311 (nothing here is a secret)
    assert SEEN[name] in {one.invariant for one in report.violations}, report.violations
