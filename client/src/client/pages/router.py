"""Routes for pages: they answer HEAD, take no forms from other sites, and fail as a page."""

import logging
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from client.errors import CrossSite, OurFault
from client.service import Shop
from common.errors import AppError
from common.mongo import OUTAGES
from common.web import Provided

_EXPECTED: tuple[type[Exception], ...] = (AppError, HTTPException, RequestValidationError, *OUTAGES)
_SAFE = frozenset({"GET", "HEAD"})
_OURS = frozenset({"same-origin", "none"})

_log = logging.getLogger(__name__)
ShopService = Annotated[Shop, Provided]


async def _refuse_other_sites(request: Request) -> None:
    """A form that changes something has to come from a page of ours.

    Browsers say so themselves in Sec-Fetch-Site; older ones, and plain http, at least name the Origin. Whoever sends
    neither is no browser, so no other site can have made it send our cookie.
    """
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in _OURS
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise CrossSite


class PageRoute(APIRoute):
    """A route whose own failure is a page too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.methods and "GET" in self.methods:
            self.methods.add("HEAD")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler; what nobody expected is logged here and told to nobody."""
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except _EXPECTED:
                raise
            except Exception as error:
                _log.exception("page failed", extra={"method": request.method, "path": request.url.path})
                raise OurFault from error

        return shown


def page_router() -> APIRouter:
    """A router for pages."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[Depends(_refuse_other_sites)])
