"""The one place where the parts are joined."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import browser, control
from .api import Handler, serve
from .charges import list_charges, retrieve_charge
from .context import PREFIX, Options, World
from .deciding import cancel_intent, capture_intent, confirm_intent
from .errors import StripeError
from .events import list_events, retrieve_event
from .intents import create_intent, list_intents, retrieve_intent, update_intent
from .methods import create_method, retrieve_method
from .refunds import create_refund, list_refunds, retrieve_refund, update_refund
from .timer import Timer
from .webhooks import Deliveries

API: tuple[tuple[str, str, Handler, bool | None], ...] = (
    # method, path, handler, and whether it takes a publishable key: None for both kinds, False for secret ones only
    ("POST", "/v1/payment_intents", create_intent, False),
    ("GET", "/v1/payment_intents", list_intents, False),
    ("GET", "/v1/payment_intents/{intent_id}", retrieve_intent, None),
    ("POST", "/v1/payment_intents/{intent_id}", update_intent, False),
    ("POST", "/v1/payment_intents/{intent_id}/confirm", confirm_intent, None),
    ("POST", "/v1/payment_intents/{intent_id}/capture", capture_intent, False),
    ("POST", "/v1/payment_intents/{intent_id}/cancel", cancel_intent, False),
    ("POST", "/v1/payment_methods", create_method, None),
    ("GET", "/v1/payment_methods/{method_id}", retrieve_method, False),
    ("GET", "/v1/charges", list_charges, False),
    ("GET", "/v1/charges/{charge_id}", retrieve_charge, False),
    ("POST", "/v1/refunds", create_refund, False),
    ("GET", "/v1/refunds", list_refunds, False),
    ("GET", "/v1/refunds/{refund_id}", retrieve_refund, False),
    ("POST", "/v1/refunds/{refund_id}", update_refund, False),
    ("GET", "/v1/events", list_events, False),
    ("GET", "/v1/events/{event_id}", retrieve_event, False),
)


def create_app(options: Options) -> Starlette:
    """The stand-in as an ASGI application."""
    world = World(options)
    deliveries = Deliveries(world, options.webhook_url) if options.webhook_url else None
    timer = Timer(world)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        world.rescheduled = timer.wake
        timer.start()
        if deliveries:
            world.committed = deliveries.send
            await deliveries.start()
        yield
        if deliveries:
            await deliveries.stop()
        await timer.stop()
        world.store.close()

    return Starlette(routes=_routes(world, deliveries.forget if deliveries else lambda: None), lifespan=lifespan)


def _routes(world: World, wiped: Callable[[], None]) -> list[Route]:
    for_browsers = [row for row in API if row[3] is None]
    return [
        Route("/livez", livez, methods=["GET"]),
        *(_api_route(world, method, path, handler, keys) for method, path, handler, keys in API),
        *(_api_route(world, method, PREFIX + path, handler, True) for method, path, handler, _ in for_browsers),
        *control.routes(world, wiped),
        *browser.routes(world),
        Route("/{path:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _api_route(world: World, method: str, path: str, handler: Handler, browser_keys: bool | None) -> Route:
    async def endpoint(request: Request) -> Response:
        return await serve(world, request, handler, browser=browser_keys)

    return Route(path, endpoint, methods=[method])


async def livez(_request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok"})


async def unknown(request: Request) -> Response:
    """What Stripe says of an address that it does not have."""
    error = StripeError(f"Unrecognized request URL ({request.method}: {request.url.path}).")
    return JSONResponse(error.body(), 404)
