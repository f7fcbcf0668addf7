"""Every story of a small world, whatever the order of its steps, ends as it should."""

import pytest

from .model import Model
from .scope import Scope
from .scopes import LONG, SCOPES, SMALL
from .search import Found, Search
from .table import Table

LIMIT = 200_000
ENDS = {
    "cancel": "cancelled buyer",
    "edit": "cancelled rejected",
    "delete": "cancelled rejected",
    "pay": "complete",
    "refund": "complete refunded",
}
"""What has to be among the ends where a budget allows for it."""


def explored(table: Table, scope: Scope, limit: int = LIMIT) -> Found:
    found = Search(Model(table, scope), limit).run()
    assert not found.wrong, "\n\n".join("\n    ".join([what, *way]) for what, way in found.wrong.items())
    wanted = [end for budget, end in ENDS.items() if getattr(scope.left, budget)]
    wanted += ["cancelled expired"] if scope.deadline != "never" else []
    assert not found.whole or set(wanted) <= set(found.ends), found.ends
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SMALL)
def test_any_order_of_all_steps(table: Table, name: str) -> None:
    assert explored(table, SMALL[name]).whole


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [name for name in SCOPES if name not in LONG])
def test_people_and_faults_at_any_place(table: Table, name: str) -> None:
    """What must happen does so in its usual order; what may happen comes at any place in between."""
    assert explored(table, SCOPES[name].in_order(0)).whole
