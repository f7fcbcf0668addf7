import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.testing import running_stack
from infra.ops import smoke
from infra.ops.smoke import SmokeError

Handler = Callable[[httpx.Request], httpx.Response]
ANSWERS = [
    "the shop answers, and every service behind it",
    "the seller signs up",
    "the buyer signs up",
    "the seller lists a ticket",
    "it can be seen, in the API and in the shop",
    "the buyer reserves it",
    "nobody else can reserve it, and the seller cannot change it",
]
BOUGHT = [
    "the buyer pays",
    "the order is complete",
    "it is sold: off the list, and the seller cannot change it",
    "both sign out",
]


class Market:
    """As much of a shop as a purchase needs; `flaw` names what it does wrong."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.ticket: dict[str, Any] = {}
        self.status = ""
        self.paid = False
        self.asked: list[str] = []

    def visit(self) -> httpx.Client:
        return httpx.Client(base_url="https://shop", transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind = "/".join(part for part in request.url.path.split("/") if part not in {"ticket-1", "order-1"})
        self.asked.append(f"{request.method} {kind}")
        routes: dict[str, Handler] = {
            "GET /": lambda _: httpx.Response(502 if self.flaw == "away" else 200),
            "GET /api/users/currentuser": self._who,
            "POST /api/users/signup": lambda _: httpx.Response(201, json={"id": "user"}),
            "POST /api/users/signout": lambda _: httpx.Response(200, json={}),
            "GET /api/tickets": self._find,
            "POST /api/tickets": self._sell,
            "PUT /api/tickets": lambda _: self._refusal("locked"),
            "DELETE /api/tickets": self._take_down,
            "GET /tickets": lambda _: httpx.Response(200, text=self.ticket["title"]),
            "GET /api/orders": self._show_order,
            "POST /api/orders": self._reserve,
            "DELETE /api/orders": self._let_go,
            "GET /orders": lambda _: httpx.Response(200, text="pk_live_1" if self.flaw == "live" else "pk_test_1"),
            "GET /api/payments/intents": lambda _: httpx.Response(405),
            "POST /api/payments": self._pay,
        }
        return routes[self.asked[-1]](request)

    def _refusal(self, guard: str) -> httpx.Response:
        if self.flaw == guard:
            return httpx.Response(201, json={"id": "order-2"})
        return httpx.Response(400, json={"errors": [{"message": "This cannot be done now."}]})

    def _who(self, _: httpx.Request) -> httpx.Response:
        still = self.flaw == "signed in" and "POST /api/users/signout" in self.asked
        return httpx.Response(200, json={"currentUser": {"id": "user"} if still else None})

    def _find(self, request: httpx.Request) -> httpx.Response:
        if "q" not in request.url.params and not self.ticket:
            return httpx.Response(200, json=[])
        if "q" not in request.url.params:
            return httpx.Response(200, json=self.ticket) if self.ticket else httpx.Response(404)
        return httpx.Response(200, json=[self.ticket] if self.flaw == "listed" else [])

    def _sell(self, request: httpx.Request) -> httpx.Response:
        self.ticket = {**json.loads(request.content), "id": "ticket-1", "orderId": None}
        return httpx.Response(201, json=self.ticket)

    def _take_down(self, _: httpx.Request) -> httpx.Response:
        if self.ticket["orderId"]:
            return self._refusal("")
        self.ticket = {}
        self.__dict__["_find"] = lambda _: httpx.Response(404)
        return httpx.Response(204)

    def _reserve(self, _: httpx.Request) -> httpx.Response:
        if self.status:
            return self._refusal("sold twice")
        self.ticket["orderId"], self.status = "order-1", "created"
        return httpx.Response(201, json={"id": "order-1"})

    def _show_order(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"status": self.status}) if self.status else httpx.Response(401)

    def _let_go(self, _: httpx.Request) -> httpx.Response:
        self.ticket["orderId"], self.status = None, "cancelled"
        return httpx.Response(204)

    def _pay(self, _: httpx.Request) -> httpx.Response:
        self.paid, self.status = True, "created" if self.flaw == "wedged" else "complete"
        return httpx.Response(201, json={"id": "payment"})


def buy(market: Market, *, payment: bool = True) -> list[str]:
    """What it says of each step, without the time."""
    said: list[str] = []
    smoke.smoke(market.visit, said.append, payment=payment, patience=0)
    return [line.split(" s  ")[1] for line in said]


def test_each_step_of_a_purchase_is_said() -> None:
    market = Market()
    assert buy(market) == [*ANSWERS, *BOUGHT]
    assert market.paid
    assert market.ticket["orderId"] == "order-1"


def test_without_a_payment_the_ticket_is_taken_down_again() -> None:
    market = Market()
    assert buy(market, payment=False)[-2] == "it is free again, and the seller takes it down"
    assert (market.paid, market.ticket) == (False, {})


@pytest.mark.parametrize(
    ("flaw", "told"),
    [
        ("away", r"Not so: the shop answers.* GET / answers 502"),
        ("sold twice", r"Not so: nobody else can reserve it.* POST /api/orders answers 201 instead of 400"),
        ("locked", r"the seller cannot change it\. PUT /api/tickets/ticket-1 answers 201 instead of 400"),
        ("wedged", r"Not so: the order is complete\. For 0 s, GET /api/orders/order-1 answers 200"),
        ("listed", r"Not so: it is sold.* The ticket ticket-1 is sold, and still on the list\.$"),
        ("signed in", r"Not so: both sign out\. Somebody who signed out is still signed in\.$"),
    ],
)
def test_it_ends_at_the_first_step_that_goes_wrong(flaw: str, told: str) -> None:
    with pytest.raises(SmokeError, match=told):
        buy(Market(flaw))


@pytest.mark.parametrize("flaw", ["sold twice", "locked", "wedged"])
def test_what_went_wrong_leaves_nothing_for_sale(flaw: str) -> None:
    market = Market(flaw)
    with pytest.raises(SmokeError, match=r"Its ticket was taken down again\.$"):
        buy(market)
    assert market.ticket == {}


def test_nothing_is_paid_with_real_money() -> None:
    market = Market("live")
    with pytest.raises(SmokeError, match=r"takes real money .* give --no-payment\. Its ticket was taken down again\.$"):
        buy(market)
    assert (market.paid, market.ticket) == (False, {})


@pytest.mark.parametrize("place", ["nowhere", "127.0.0.1:", ":8443", "127.0.0.1:https"])
def test_a_place_is_a_host_and_a_port(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main(["https://ticketing.dev", "--connect", place]) == 1
    assert capsys.readouterr().err == f"{place} is no place to connect to: give HOST:PORT, as in 127.0.0.1:8443.\n"


@pytest.mark.real
async def test_at_a_whole_shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_stack(tmp_path) as stack:
        place = stack.url("gateway-https").rpartition(":")[2]
        way = ["https://ticketing.dev", "--connect", f"127.0.0.1:{place}"]
        assert await asyncio.to_thread(smoke.main, way) == 1
        assert capsys.readouterr().err.endswith("Give --insecure to take any certificate.\n")
        assert await asyncio.to_thread(smoke.main, [*way, "--insecure"]) == 0
        bought = capsys.readouterr().out
        assert all(step in bought for step in (*ANSWERS, *BOUGHT))
        assert await asyncio.to_thread(smoke.main, [stack.url("gateway"), "--no-payment"]) == 0
        async with httpx.AsyncClient(base_url=stack.url("gateway")) as visitor:
            assert (await visitor.get("/api/tickets")).json() == []
