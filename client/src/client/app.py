"""The one place that builds and joins the parts of the shop."""

from functools import cache

from fastapi import FastAPI

from common.identity import Verifier
from common.web import Parts, create_base_app

from .assets import Assets
from .backend import Backend
from .backend.http import HttpBackend
from .catalogue import Catalogue
from .headers import SecurityHeaders
from .listeners import SUBSCRIPTIONS, WATCHED, Sight
from .live import Hub
from .pages import ROUTERS, Front, install
from .render import Renderer
from .service import PATIENCE, Shop
from .settings import Settings


def create_app(
    settings: Settings, parts: Parts | None = None, backend: Backend | None = None, patience: float = PATIENCE
) -> FastAPI:
    """The service; a test hands in fake parts, a fake backend and less patience (seconds)."""
    parts = parts or Parts.real("client", settings)
    backend = backend or HttpBackend(
        {
            "auth": settings.auth_url,
            "tickets": settings.tickets_url,
            "orders": settings.orders_url,
            "payments": settings.payments_url,
        }
    )
    catalogue = Catalogue(parts.database)
    parts.index(catalogue.indexes)
    parts.listen(SUBSCRIPTIONS, catalogue)
    hub = Hub(settings.live_streams)
    parts.watch(WATCHED, Sight(catalogue, hub), hub.again)
    parts.add(backend, hub)
    app = create_base_app(
        settings,
        name="client",
        routers=ROUTERS,
        service=Shop(catalogue, backend, parts.clock, patience),
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )
    app.state.draining.at_the_end.append(hub.close)  # the server waits for every answer, and theirs never end
    renderer = _renderer(settings.currency, settings.watch_templates)
    app.state.front = Front(renderer, hub, settings.stripe_js_url, settings.stripe_publishable_key, settings.currency)
    install(app)
    app.add_middleware(SecurityHeaders)
    return app


@cache
def _renderer(currency: str, watched: bool) -> Renderer:
    """Compiling the templates takes a while: once for each process is enough."""
    return Renderer(Assets(), currency, watched=watched)
