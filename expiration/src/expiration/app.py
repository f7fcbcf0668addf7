"""The one place that builds and joins the parts of expiration; the worker, its other process, has its own."""

from fastapi import FastAPI

from common.identity import Verifier
from common.outbox import Sweeper
from common.web import Parts, create_base_app

from .domain import Pace
from .listeners import SUBSCRIPTIONS
from .schedule import ArqTimer, Schedule, Timer
from .service import Deadlines
from .settings import Settings
from .store import DeadlineStore

_CATCH_UP_SECONDS = 2.0


def create_service(settings: Settings, parts: Parts) -> Deadlines:
    """The use cases on these parts, without HTTP or timer: what the operator's commands need."""
    store = DeadlineStore(parts.database, parts.relay, parts.clock)
    parts.index(store.indexes)
    return Deadlines(store, Pace.of_seconds(settings.repeat_after_seconds, settings.repeat_limit_seconds), parts.clock)


def create_app(settings: Settings, parts: Parts | None = None, timer: Timer | None = None) -> FastAPI:
    """The service; a test hands in fake parts and a fake timer."""
    parts = parts or Parts.real("expiration", settings)
    deadlines = create_service(settings, parts)
    parts.listen(SUBSCRIPTIONS, deadlines)
    _sweep(settings, parts, deadlines, timer or _real_timer(settings, parts))
    return create_base_app(
        settings,
        name="expiration",
        routers=[],
        service=deadlines,
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )


def _real_timer(settings: Settings, parts: Parts) -> Timer:
    timer = ArqTimer(settings.redis_url.get_secret_value())
    parts.add(timer)
    return timer


def _sweep(settings: Settings, parts: Parts, deadlines: Deadlines, timer: Timer) -> None:
    schedule = Schedule(deadlines.store, timer, parts.clock)
    new = Sweeper("schedule", schedule.new, min(_CATCH_UP_SECONDS, settings.sweep_interval_seconds))
    deadlines.on_armed(new.kick)
    lost = Sweeper("lost jobs", schedule.lost, settings.sweep_interval_seconds)
    repeats = Sweeper("repeats", deadlines.say_again, settings.sweep_interval_seconds)
    parts.add(new, lost, repeats)
