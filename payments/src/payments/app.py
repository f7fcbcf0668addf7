"""The one place that builds and joins the parts of payments."""

from datetime import timedelta

from fastapi import FastAPI

from common.identity import Verifier
from common.web import Parts, create_base_app

from .gateway import Gateway
from .inbox import Inbox
from .intents import Intents
from .listeners import SUBSCRIPTIONS
from .refunding import Refunds
from .routes import router
from .schedule import Schedule
from .service import Payments
from .settings import Settings
from .settling import Settling
from .store import PaymentStore
from .strays import Strays
from .stripe_gateway import StripeGateway
from .webhooks import Webhooks
from .worker import Worker


def create_service(settings: Settings, parts: Parts, gateway: Gateway | None = None) -> Payments:
    """The use cases on these parts, with the worker among them; a test hands in a fake gateway."""
    store, inbox = PaymentStore(parts.database, parts.relay, parts.clock), Inbox(parts.database)
    parts.index(store.indexes, inbox.indexes)
    if gateway is None:
        stripe = StripeGateway(settings.stripe_key.get_secret_value(), settings.stripe_url)
        parts.add(stripe)
        gateway = stripe
    schedule = _schedule(settings)
    intents = Intents(store, gateway, schedule, parts.clock)
    refunds = Refunds(store, gateway, intents, schedule, parts.clock)
    settling = Settling(store, gateway, intents, refunds, schedule=schedule, clock=parts.clock)
    worker = Worker(store, settling, parts.clock, settings.sweep_interval_seconds)
    webhooks = Webhooks(
        inbox,
        store,
        intents,
        refunds,
        Strays(store, gateway, intents, parts.clock),
        clock=parts.clock,
        secret=settings.stripe_webhook_secret.get_secret_value(),
        seconds=settings.sweep_interval_seconds,
        settle=worker.kick,
    )
    parts.add(worker, webhooks)
    return Payments(
        store,
        intents,
        settling,
        refunds=refunds,
        webhooks=webhooks,
        schedule=schedule,
        clock=parts.clock,
        currency=settings.currency,
        kick=worker.kick,
    )


def _schedule(settings: Settings) -> Schedule:
    return Schedule(
        give_up=timedelta(seconds=settings.give_up_seconds),
        undecided=timedelta(seconds=settings.undecided_seconds),
        repeat_after=timedelta(seconds=settings.repeat_after_seconds),
        repeat_limit=timedelta(seconds=settings.repeat_limit_seconds),
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
