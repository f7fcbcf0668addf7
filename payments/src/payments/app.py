"""The one place that builds and joins the parts of payments."""

from datetime import timedelta

from fastapi import FastAPI

from common.identity import Verifier
from common.web import Parts, create_base_app

from .gateway import Gateway
from .intents import Intents
from .listeners import SUBSCRIPTIONS
from .routes import router
from .schedule import Schedule
from .service import Payments
from .settings import Settings
from .settling import Settling
from .store import PaymentStore
from .stripe_gateway import StripeGateway
from .worker import Worker


def create_service(settings: Settings, parts: Parts, gateway: Gateway | None = None) -> Payments:
    """The use cases on these parts, with the worker among them; a test hands in a fake gateway."""
    store = PaymentStore(parts.database, parts.relay, parts.clock)
    parts.index(store.indexes)
    if gateway is None:
        stripe = StripeGateway(settings.stripe_key.get_secret_value(), settings.stripe_url)
        parts.add(stripe)
        gateway = stripe
    schedule = Schedule(
        give_up=timedelta(seconds=settings.give_up_seconds),
        undecided=timedelta(seconds=settings.undecided_seconds),
        repeat_after=timedelta(seconds=settings.repeat_after_seconds),
        repeat_limit=timedelta(seconds=settings.repeat_limit_seconds),
    )
    intents = Intents(store, gateway, schedule, parts.clock)
    settling = Settling(store, gateway, intents, schedule, parts.clock)
    worker = Worker(store, settling, parts.clock, settings.sweep_interval_seconds)
    parts.add(worker)
    return Payments(
        store,
        intents,
        settling,
        schedule=schedule,
        clock=parts.clock,
        currency=settings.currency,
        kick=worker.kick,
    )


def create_app(settings: Settings, parts: Parts | None = None, gateway: Gateway | None = None) -> FastAPI:
    """The service; a test hands in fake parts."""
    parts = parts or Parts.real("payments", settings)
    payments = create_service(settings, parts, gateway)
    parts.listen(SUBSCRIPTIONS, payments)
    return create_base_app(
        settings,
        name="payments",
        routers=[router],
        service=payments,
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )
