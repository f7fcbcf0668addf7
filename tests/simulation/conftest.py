"""What the tests of the simulation share."""

from collections.abc import Iterator

import pytest

from .house import House
from .table import Table


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    """What the services do, as far as any test has needed it."""
    with House() as house:
        yield Table(house)
