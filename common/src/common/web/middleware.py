"""Around every request, in one pure ASGI layer: its id and trace, a limit on its body, metrics, no stack traces."""

import logging
import re
import secrets
import time

from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import TooLarge
from common.logs import request_id, traceparent

from .problems import problem, unexpected

BODY_LIMIT = 1024 * 1024
"""Bytes."""

_log = logging.getLogger(__name__)
_seconds = Histogram(
    "http_request_seconds",
    "Time to answer",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR = 500
_CLIENT_ERROR = 400


class RequestMiddleware:
    """See the module; outermost of our own layers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request = _known(_REQUEST_ID, headers.get("x-request-id")) or secrets.token_hex(8)
        request_id.set(request)
        trace = _known(_TRACEPARENT, headers.get("traceparent"))
        traceparent.set(trace or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
        began = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                answered["X-Request-Id"] = request
                answered.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self._handle(scope, headers, receive, answer)
        except Exception:
            _log.exception("request failed", extra={"method": scope["method"], "path": scope["path"]})
            if status:
                raise
            await unexpected()(scope, receive, answer)
        finally:
            _record(scope, status, time.perf_counter() - began)

    async def _handle(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > BODY_LIMIT:
            await problem(TooLarge())(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)


def _known(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value is not None and pattern.fullmatch(value) else None


def _limited(receive: Receive) -> Receive:
    """Counts a body that came without its length, and refuses it past the limit."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_LIMIT:
            raise HTTPException(TooLarge.status)
        return message

    return limited


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _seconds.labels(method, route, status).observe(seconds)
    level = logging.DEBUG
    if status >= _CLIENT_ERROR and route != "/readyz":  # whoever asks that asks twice a second, and wants to know
        level = logging.ERROR if status >= _SERVER_ERROR else logging.INFO
    if _log.isEnabledFor(level):
        extra = {"method": method, "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1)}
        _log.log(level, "request", extra=extra)
