"""Histories: what one listener hears, in every order, more than once, and with gaps. Only for tests that import it."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

T = TypeVar("T")

quick = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # no shrinking: histories are short, and it would play hundreds of them
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example begins with what is its own
)
"""Few examples, the same every time."""


def shuffled(steps: Sequence[T], again: Sequence[T] = ()) -> st.SearchStrategy[list[T]]:
    """Every step, some of them twice, in any order; with some of `again`, where that may come besides."""
    once_more = st.lists(st.sampled_from([*steps, *again]), max_size=len(steps))
    return once_more.flatmap(lambda more: st.permutations([*steps, *more]))


def gapped(steps: Sequence[T]) -> st.SearchStrategy[list[T]]:
    """As `shuffled`, but only the last step is sure to come: it carries the whole state."""
    some = st.lists(st.sampled_from(steps[:-1]), unique_by=id)
    return some.flatmap(lambda chosen: shuffled([*chosen, steps[-1]]))
