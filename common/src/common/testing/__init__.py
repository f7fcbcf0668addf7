"""The test kit: a clock to turn, an in-memory database and bus, and people who are signed in."""

from .clock import FakeClock
from .kit import Kit, serving

__all__ = ["FakeClock", "Kit", "serving"]
