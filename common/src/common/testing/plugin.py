"""pytest finds this by itself (an entry point of the common wheel)."""

import pytest

from .clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock that the test turns."""
    return FakeClock()
