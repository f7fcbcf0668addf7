"""Negative controls: without any one of its guards something goes wrong, and the search finds it."""

from typing import Any

import pytest

from .guards import GUARDS, missed, only_healers_off
from .house import House
from .model import Model
from .scope import Scope, scope
from .search import Found, Search
from .table import Table

LIMIT = 60_000
BESIDES: dict[str, dict[str, Any]] = {
    "cas": {"race": 1},
    "decided_at_the_write": {"race": 1, "decline": 1, "deadline": "never"},
    "newer_deadline": {"deadline": "never"},
    "onlyrepeats": {"deadline": "never"},
    "react_order": {"decline": 1, "deadline": "never"},
}
"""What the real services need for it to show besides what the protocol's model does."""


def explored(within: Scope, until: dict[str, list[str]] | None = None) -> Found:
    with House() as house:
        return Search(Model(Table(house), within), LIMIT).run(until)


def usual(name: str, within: Scope, table: Table) -> Found:
    """With the guard on, but without those that would heal its absence."""
    if not GUARDS[name].heals:
        return Search(Model(table, within), LIMIT).run()
    with only_healers_off(name):
        return explored(within)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", GUARDS)
def test_something_goes_wrong_without(table: Table, name: str) -> None:
    """With few steps out of order; with the guard on, the same search finds nothing of the kind."""
    whole = scope(**(dict(GUARDS[name].scope) | BESIDES.get(name, {})))
    for delay in (1, 2):
        within = whole.in_order(delay)
        before = usual(name, within, table)
        assert before.whole
        assert GUARDS[name].heals or not before.wrong, before.wrong
        with missed(name):
            found = explored(within, before.wrong)
        if set(found.wrong) - set(before.wrong):
            return
    pytest.fail(f"nothing is wrong without {name}, in {found.states} states: {GUARDS[name].told}")
