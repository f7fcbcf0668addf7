"""The one place that builds and joins the parts of orders."""

from datetime import timedelta

from fastapi import FastAPI

from common.identity import Verifier
from common.outbox import Sweeper
from common.web import Parts, create_base_app

from .domain import Times
from .listeners import SUBSCRIPTIONS
from .routes import router
from .service import Orders
from .settings import Settings
from .store import OrderStore, TicketReplica


def create_service(settings: Settings, parts: Parts) -> Orders:
    """The use cases on these parts, without HTTP: what the operator's commands need."""
    store = OrderStore(parts.database, parts.relay, parts.clock)
    parts.index(store.indexes)
    parts.add(store)
    times = Times(
        window=timedelta(seconds=settings.expiration_window_seconds),
        extension=timedelta(seconds=settings.extension_seconds),
        grace=timedelta(seconds=settings.overdue_grace_seconds),
        repeat_after=timedelta(seconds=settings.repeat_after_seconds),
        repeat_limit=timedelta(seconds=settings.repeat_limit_seconds),
    )
    return Orders(store, TicketReplica(parts.database), times, parts.clock)


def create_app(settings: Settings, parts: Parts | None = None) -> FastAPI:
    """The service; a test hands in fake parts."""
    parts = parts or Parts.real("orders", settings)
    orders = create_service(settings, parts)
    parts.listen(SUBSCRIPTIONS, orders)
    parts.add(
        Sweeper("overdue", orders.cancel_overdue, settings.sweep_interval_seconds),
        Sweeper("repeats", orders.say_again, settings.sweep_interval_seconds),
    )
    return create_base_app(
        settings,
        name="orders",
        routers=[router],
        service=orders,
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )
