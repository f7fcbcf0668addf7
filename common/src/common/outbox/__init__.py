"""One write carries its own event: aggregates with an outbox inside, and the relay that publishes from it."""

from .collection import Aggregate, Aggregates, Change, Stored
from .relay import Relay
from .restored import raised, set_back
from .sweeper import Sweeper

__all__ = ["Aggregate", "Aggregates", "Change", "Relay", "Stored", "Sweeper", "raised", "set_back"]
