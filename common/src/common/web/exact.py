"""JSON bodies read exactly: numbers as decimals, never as floats, and nothing that JSON does not know."""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, NoReturn

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from . import problems


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is not JSON", constant, 0)


class ExactRequest(Request):
    """A request whose JSON numbers keep every digit that was sent."""

    async def json(self) -> Any:
        """The body; `JSONDecodeError` for what is not JSON in UTF-8 (RFC 8259), NaN and Infinity included."""
        body = await self.body()
        try:
            return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
        except (UnicodeDecodeError, RecursionError) as error:
            raise json.JSONDecodeError("not JSON in UTF-8", "", 0) from error


class ExactRoute(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, given an `ExactRequest`."""
        handler = super().get_route_handler()

        async def exact(request: Request) -> Response:
            return await handler(ExactRequest(request.scope, request.receive))

        return exact


def api_router(prefix: str, tag: str) -> APIRouter:
    """A router for JSON routes below `prefix`."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=ExactRoute, responses=problems.DESCRIPTION)
