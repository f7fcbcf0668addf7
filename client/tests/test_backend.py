"""Speaking to the other services over HTTP."""

import json
from collections.abc import Callable

import httpx
import pytest

from client.backend import OrderPage, Payment, Written
from client.backend.http import HttpBackend
from client.domain import Order
from client.errors import Refused, Silent
from common.clock import rfc3339
from common.logs import request_id, traceparent
from common.mongo import new_id
from common.testing import FakeClock

URLS = {name: f"http://{name}.test" for name in ("auth", "tickets", "orders", "payments")}
TICKET, ORDER = new_id(), new_id()
UNTIL = FakeClock()()


class Network:
    """Answers every request and remembers it."""

    def __init__(self) -> None:
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(204)
        self.asked: list[httpx.Request] = []
        self.backend = HttpBackend(URLS, httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    def says(self, status: int, body: object, **headers: str) -> None:
        self.answer = lambda _: httpx.Response(status, json=body, headers=headers)


@pytest.fixture
def network() -> Network:
    return Network()


def order_json(**more: object) -> dict[str, object]:
    ticket = {"id": TICKET, "title": "Hadestown", "price": 84.1, "unknown": 1}
    known = {"id": ORDER, "status": "created", "userId": new_id(), "expiresAt": rfc3339(UNTIL), "version": 3}
    return {**known, "ticket": ticket, **more}


KNOWN = Order(ORDER, "created", UNTIL, 3, TICKET, "Hadestown", 8410)


async def test_who_asks_and_what_for_travel_along(network: Network) -> None:
    request_id.set("r-1")
    traceparent.set("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    network.says(200, order_json())
    async with network.backend as backend:
        assert await backend.order("token", ORDER) == KNOWN
    [asked] = network.asked
    assert (asked.method, str(asked.url)) == ("GET", f"http://orders.test/api/orders/{ORDER}")
    assert asked.headers["authorization"] == "Bearer token"
    assert asked.headers["x-request-id"] == "r-1"
    assert asked.headers["traceparent"].startswith("00-aaaa")
    assert "cookie" not in asked.headers


async def test_signing_in_and_up(network: Network) -> None:
    cookies = [("Set-Cookie", "other=1"), ("Set-Cookie", "session=tok.en; HttpOnly; Path=/")]
    network.answer = lambda _: httpx.Response(200, json={"id": new_id()}, headers=cookies)
    for call, path in ((network.backend.sign_in, "signin"), (network.backend.sign_up, "signup")):
        session = await call("dana@example.com", "correct horse")
        assert (session.token, session.cookie) == ("tok.en", "session=tok.en; HttpOnly; Path=/")
        asked = network.asked[-1]
        assert str(asked.url) == f"http://auth.test/api/users/{path}"
        assert json.loads(asked.content) == {"email": "dana@example.com", "password": "correct horse"}
        assert "authorization" not in asked.headers


async def test_a_sign_in_without_a_session_is_no_answer(network: Network) -> None:
    network.says(200, {"id": new_id()}, **{"Set-Cookie": "session"})
    with pytest.raises(Silent):
        await network.backend.sign_in("dana@example.com", "correct horse")


async def test_prices_travel_as_exact_decimals(network: Network) -> None:
    network.says(201, {"id": TICKET, "version": 0, "title": "x", "price": 0.07})
    assert await network.backend.sell("token", "Hadestown", 123407) == Written(TICKET, 0)
    assert json.loads(network.asked[0].content) == {"title": "Hadestown", "price": "1234.07"}
    network.says(200, {"id": TICKET, "version": 4})
    assert await network.backend.change("token", TICKET, "Hadestown", 7) == Written(TICKET, 4)
    assert network.asked[1].method == "PUT"
    assert json.loads(network.asked[1].content)["price"] == "0.07"


async def test_orders_come_in_pages(network: Network) -> None:
    link = f'</api/orders?limit=50&cursor={ORDER}>; rel="next"'
    network.says(200, [order_json(reason="expired", refunded=True, status="cancelled")], Link=link)
    page = await network.backend.orders("token")
    assert page.next == ORDER
    assert (page.orders[0].reason, page.orders[0].refunded) == ("expired", True)
    network.says(200, [])
    assert await network.backend.orders("token", ORDER) == OrderPage([])
    assert network.asked[1].url.query == f"cursor={ORDER}".encode()


async def test_the_other_calls(network: Network) -> None:
    network.says(201, order_json())
    assert await network.backend.reserve("token", TICKET) == KNOWN
    network.says(200, {"id": new_id(), "status": "requires_action", "clientSecret": "pi_1_secret_2"})
    assert await network.backend.payment("token", ORDER) == Payment("requires_action", "pi_1_secret_2")
    network.answer = lambda _: httpx.Response(204)
    await network.backend.take_down("token", TICKET)
    await network.backend.let_go("token", ORDER)
    await network.backend.sign_out("token")
    seen = [(one.method, str(one.url), one.content and json.loads(one.content)) for one in network.asked]
    assert seen == [
        ("POST", "http://orders.test/api/orders", {"ticketId": TICKET}),
        ("POST", "http://payments.test/api/payments/intents", {"orderId": ORDER}),
        ("DELETE", f"http://tickets.test/api/tickets/{TICKET}", b""),
        ("DELETE", f"http://orders.test/api/orders/{ORDER}", b""),
        ("POST", "http://auth.test/api/users/signout", {}),
    ]


async def test_a_refusal_keeps_its_status_code_and_sentences(network: Network) -> None:
    problem = {
        "type": "urn:ticketing:problem:invalid",
        "status": 400,
        "errors": [{"message": "Too long.", "field": "title"}, {"message": "And worse."}],
    }
    network.says(400, problem)
    with pytest.raises(Refused) as caught:
        await network.backend.sell("token", "x", 1)
    refused = caught.value
    assert (refused.answered, refused.reason) == (400, "invalid")
    assert [(one.field, one.message) for one in refused.errors] == [("title", "Too long."), (None, "And worse.")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={"errors": [{"message": "x"}]}),
        httpx.Response(503, text="<html>"),
        httpx.Response(404, text="<html>"),
        httpx.Response(400, json={"errors": []}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"id": "1"}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=order_json(status="new")),
    ],
)
async def test_what_nobody_understands_is_no_answer(network: Network, answer: httpx.Response) -> None:
    network.answer = lambda _: answer
    with pytest.raises(Silent) as caught:
        await network.backend.order("token", ORDER)
    assert caught.value.service == "orders"


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")])
async def test_no_answer_is_silence(network: Network, error: httpx.HTTPError) -> None:
    def fails(_: httpx.Request) -> httpx.Response:
        raise error

    network.answer = fails
    with pytest.raises(Silent):
        await network.backend.order("token", ORDER)


def test_every_call_has_a_time_limit() -> None:
    clients = HttpBackend(URLS)._clients
    assert {name: client.timeout.read for name, client in clients.items()} == {
        "auth": 5.0,
        "tickets": 5.0,
        "orders": 5.0,
        "payments": 20.0,
    }
    assert all(client.timeout.pool and client.timeout.connect for client in clients.values())
