"""The base of every service's HTTP side."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.types import Lifespan

from common import logs
from common.identity import Verifier
from common.settings import ServiceSettings

from . import health, problems
from .draining import Draining
from .health import Check
from .middleware import RequestMiddleware

S = TypeVar("S")


def create_base_app(
    settings: ServiceSettings,
    *,
    name: str,
    routers: Sequence[APIRouter],
    service: object,
    parts: AbstractAsyncContextManager[Any],
    verifier: Verifier,
    checks: Mapping[str, Check],
) -> FastAPI:
    """An app that serves `routers` with `service` behind them while `parts` are open.

    It answers `/livez`, `/readyz` (asking `checks`) and `/metrics`, and every refusal in the one error shape.
    """
    draining = Draining(settings.drain_seconds)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        logs.configure(name, settings.log_level)
        async with parts:
            with draining.on_signal():
                yield

    app = _bare(f"Ticketing: {name}", lifespan)
    app.state.service = service
    app.state.verifier = verifier
    app.state.draining = draining  # a stream that would never end asks it
    problems.install(app)
    app.add_middleware(RequestMiddleware)
    for router in (*routers, health.router(checks, draining)):
        app.router.routes.extend(router.routes)  # `include_router` would match each request twice, at 50 us
    return app


def _bare(title: str, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """Without pages of its own."""
    return FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )


async def _provided(request: Request) -> Any:
    return request.app.state.service


Provided = Depends(_provided)
"""The app's service, as a route's parameter: `Annotated[Tickets, Provided]`."""
