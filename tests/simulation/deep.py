"""Every scope as far as it goes: `make simulation DEEP=1`. pytest collects it only by its name.

With none of the steps that must happen out of order, with one, with two, and with all; each up to the limit.
"""

import sys

import pytest

from .scopes import SCOPES
from .table import Table
from .test_scopes import explored

LIMIT = 400_000


@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("delay", [0, 1, 2, None])
def test_deeper(table: Table, name: str, delay: int | None) -> None:
    found = explored(table, SCOPES[name] if delay is None else SCOPES[name].in_order(delay), LIMIT)
    figures = f"{found.states:,} states, {found.moves:,} moves, {found.seconds:.0f} s, {found.resting:,} at rest"
    order = "in any order" if delay is None else f"{delay} out of order"
    sys.stdout.write(f"\n{name}, {order}: {figures}{'' if found.whole else ', LIMIT REACHED'}\n")
