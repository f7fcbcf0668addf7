"""Who is asked for lines, and who hears which stream."""

from collections.abc import Mapping

from infra.local import nats

SERVICES = ("auth", "tickets", "orders", "payments", "expiration", "client", "emails")
STRIPE, BUS, BUS_BEFORE = "stripe", "bus", "bus-before"
SOURCES = (*SERVICES, STRIPE)
"""All but the bus, which is looked at before and after them."""
HEARS: Mapping[str, tuple[str, ...]] = {service: streams for service, streams in nats.HEARS.items() if streams}
"""The streams on which each service has a consumer."""
Route = tuple[str, str]
"""A service and a stream that it hears."""
ROUTES: tuple[Route, ...] = tuple((service, stream) for service, streams in HEARS.items() for stream in streams)
