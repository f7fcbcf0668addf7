"""The APIs over HTTP."""

import logging
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http.cookies import CookieError, SimpleCookie
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from client.domain import Order, decimal_text
from client.errors import Silent
from common.logs import request_id, traceparent
from common.web import COOKIE

from .answers import OrderAnswer, PaymentAnswer, WrittenAnswer, credentials, refusal
from .protocol import OrderPage, Payment, Session, Written

PATIENCE = 5.0
"""Seconds that one step of a call may take."""
PAYING_PATIENCE = 20.0
"""Seconds for payments, which asks Stripe meanwhile: to give up earlier would leave the buyer guessing."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)
_ERROR = 400
_FAULT = 500

_log = logging.getLogger(__name__)
_written = TypeAdapter(WrittenAnswer)
_order = TypeAdapter(OrderAnswer)
_orders = TypeAdapter(list[OrderAnswer])
_payment = TypeAdapter(PaymentAnswer)
T = TypeVar("T")


class HttpBackend:
    """One pool of connections for each service."""

    def __init__(self, urls: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`urls`: the base URLs of auth, tickets, orders and payments. `transport`: instead of the network."""
        trust = httpx.create_ssl_context(trust_env=False)  # takes a while to make, so one for all of them
        self._clients = {service: _client(service, url, transport, trust) for service, url in urls.items()}
        self._open = AsyncExitStack()

    async def sign_up(self, email: str, password: str) -> Session:
        return _session(await self._call("auth", "POST", "/api/users/signup", body=credentials(email, password)))

    async def sign_in(self, email: str, password: str) -> Session:
        return _session(await self._call("auth", "POST", "/api/users/signin", body=credentials(email, password)))

    async def sign_out(self, token: str) -> None:
        await self._call("auth", "POST", "/api/users/signout", token, {})

    async def sell(self, token: str, title: str, cents: int) -> Written:
        answer = await self._call("tickets", "POST", "/api/tickets", token, _offer(title, cents))
        return _read("tickets", _written, answer).read()

    async def change(self, token: str, ticket_id: str, title: str, cents: int) -> Written:
        answer = await self._call("tickets", "PUT", f"/api/tickets/{ticket_id}", token, _offer(title, cents))
        return _read("tickets", _written, answer).read()

    async def take_down(self, token: str, ticket_id: str) -> None:
        await self._call("tickets", "DELETE", f"/api/tickets/{ticket_id}", token)

    async def reserve(self, token: str, ticket_id: str) -> Order:
        answer = await self._call("orders", "POST", "/api/orders", token, {"ticketId": ticket_id})
        return _read("orders", _order, answer).read()

    async def orders(self, token: str, cursor: str = "") -> OrderPage:
        query = "?" + urlencode({"cursor": cursor}) if cursor else ""
        answer = await self._call("orders", "GET", f"/api/orders{query}", token)
        return OrderPage([one.read() for one in _read("orders", _orders, answer)], _next(answer))

    async def order(self, token: str, order_id: str) -> Order:
        answer = await self._call("orders", "GET", f"/api/orders/{order_id}", token)
        return _read("orders", _order, answer).read()

    async def extend(self, token: str, order_id: str) -> Order:
        answer = await self._call("orders", "POST", f"/api/orders/{order_id}/extend", token, {})
        return _read("orders", _order, answer).read()

    async def let_go(self, token: str, order_id: str) -> None:
        await self._call("orders", "DELETE", f"/api/orders/{order_id}", token)

    async def payment(self, token: str, order_id: str) -> Payment:
        answer = await self._call("payments", "POST", "/api/payments/intents", token, {"orderId": order_id})
        return _read("payments", _payment, answer).read()

    async def _call(
        self, service: str, method: str, path: str, token: str | None = None, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        try:
            answer = await self._clients[service].request(method, path, json=body, headers=_headers(token))
        except httpx.HTTPError as error:
            _log.warning("a service does not answer", extra={"asked": service, "error": repr(error)})
            raise Silent(service) from error
        if answer.status_code < _ERROR:
            return answer
        refused = refusal(answer.status_code, answer.content) if answer.status_code < _FAULT else None
        if refused is not None:
            raise refused
        _log.warning("a service answered with a fault", extra={"asked": service, "status": answer.status_code})
        raise Silent(service)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for client in self._clients.values():
                await opening.enter_async_context(client)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, trace)


def _client(
    service: str, url: str, transport: httpx.AsyncBaseTransport | None, trust: ssl.SSLContext
) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url,
        timeout=PAYING_PATIENCE if service == "payments" else PATIENCE,
        # A connection that could not be opened has sent nothing, so once more is safe.
        transport=transport or httpx.AsyncHTTPTransport(verify=trust, retries=1, limits=_LIMITS),
        trust_env=False,
    )


def _headers(token: str | None) -> dict[str, str]:
    known = {
        "Authorization": token and f"Bearer {token}",
        "X-Request-Id": request_id.get(),
        "traceparent": traceparent.get(),
    }
    return {name: value for name, value in known.items() if value}


def _offer(title: str, cents: int) -> dict[str, str]:
    return {"title": title, "price": decimal_text(cents)}


def _read(service: str, expected: TypeAdapter[T], answer: httpx.Response) -> T:
    try:
        return expected.validate_json(answer.content)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:3]
        _log.exception("a service answered what nobody understands", extra={"asked": service, "problems": problems})
        raise Silent(service) from error


def _next(answer: httpx.Response) -> str:
    """The cursor in `Link: rel="next"`."""
    link = answer.links.get("next", {}).get("url", "")
    return parse_qs(urlsplit(link).query).get("cursor", [""])[0]


def _session(answer: httpx.Response) -> Session:
    """The session cookie among those that auth set, as it was sent."""
    for header in answer.headers.get_list("set-cookie"):
        try:
            cookie = SimpleCookie(header)
        except CookieError:
            continue
        if COOKIE in cookie:
            return Session(cookie[COOKIE].value, header)
    _log.error("auth answered without a session")
    raise Silent("auth")
