"""The one place that builds and joins the parts of tickets."""

from fastapi import FastAPI

from common.identity import Verifier
from common.web import Parts, create_base_app

from .listeners import SUBSCRIPTIONS
from .routes import router
from .service import Tickets
from .settings import Settings
from .store import TicketStore


def create_service(settings: Settings, parts: Parts) -> Tickets:
    """The use cases on these parts, without HTTP: what the operator's commands need."""
    store = TicketStore(parts.database, parts.relay, parts.clock)
    parts.index(store.indexes)
    return Tickets(store, settings.currency)


def create_app(settings: Settings, parts: Parts | None = None) -> FastAPI:
    """The service; a test hands in fake parts."""
    parts = parts or Parts.real("tickets", settings)
    tickets = create_service(settings, parts)
    parts.listen(SUBSCRIPTIONS, tickets)
    return create_base_app(
        settings,
        name="tickets",
        routers=[router],
        service=tickets,
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )
