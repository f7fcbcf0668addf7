"""The bus: publish an event, listen to events. `nats` is the real one, `memory` is for tests and the simulation."""

from .protocol import Bus, BusUnavailable, Failures, Handler, Listener, Message, NotYet, Watcher

__all__ = ["Bus", "BusUnavailable", "Failures", "Handler", "Listener", "Message", "NotYet", "Watcher"]
