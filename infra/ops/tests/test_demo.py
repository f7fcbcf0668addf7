import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.local.errors import StackError
from infra.ops import demo
from infra.ops.wares import SELLERS

ALL = sum(len(seller.tickets) for seller in SELLERS)
Handler = Callable[[httpx.Request], httpx.Response]


class Market:
    """As much of the public API as the demo speaks."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.tickets: list[dict[str, Any]] = []
        self.broken = ""
        self._user = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.broken and request.url.path == self.broken:
            return httpx.Response(503)
        routes: dict[tuple[str, str], Handler] = {
            ("POST", "/api/users/signup"): self._sign_up,
            ("POST", "/api/users/signin"): self._sign_in,
            ("POST", "/api/users/signout"): lambda _: httpx.Response(200),
            ("GET", "/api/tickets"): self._search,
            ("POST", "/api/tickets"): self._sell,
        }
        return routes.get((request.method, request.url.path), self._show)(request)

    def _sign_up(self, request: httpx.Request) -> httpx.Response:
        email = json.loads(request.content)["email"]
        if email in self.users:
            return httpx.Response(400)
        self.users[email] = f"user-{len(self.users)}"
        self._user = self.users[email]
        return httpx.Response(201, json={"id": self._user})

    def _sign_in(self, request: httpx.Request) -> httpx.Response:
        self._user = self.users[json.loads(request.content)["email"]]
        return httpx.Response(200, json={"id": self._user})

    def _search(self, request: httpx.Request) -> httpx.Response:
        words = request.url.params["q"]
        return httpx.Response(200, json=[one for one in self.tickets if words == one["title"] and not one["orderId"]])

    def _sell(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        ticket = {**body, "id": str(len(self.tickets)), "userId": self._user, "orderId": None}
        self.tickets.append(ticket)
        return httpx.Response(201, json=ticket)

    def _show(self, request: httpx.Request) -> httpx.Response:
        identity = request.url.path.rpartition("/")[2]
        return httpx.Response(200 if any(one["id"] == identity for one in self.tickets) else 404)


@pytest.fixture
def market() -> Market:
    return Market()


def fill(market: Market, note: demo.Note) -> int:
    with httpx.Client(base_url="http://market", transport=httpx.MockTransport(market)) as browser:
        return demo.fill(browser, note)


def test_every_seller_lists_their_tickets(market: Market) -> None:
    assert fill(market, {}) == ALL == len(market.tickets)
    assert len({ticket["userId"] for ticket in market.tickets}) == len(SELLERS)


def test_a_second_run_adds_nothing(market: Market) -> None:
    note: demo.Note = {}
    fill(market, note)
    market.tickets[3]["orderId"] = "sold"
    assert fill(market, note) == 0


def test_without_its_note_it_sees_what_is_on_sale(market: Market) -> None:
    fill(market, {})
    assert fill(market, {}) == 0


def test_it_goes_on_where_it_was_interrupted(market: Market) -> None:
    note: demo.Note = {}
    fill(market, note)
    del market.tickets[10:]
    assert fill(market, note) == ALL - 10


@pytest.mark.parametrize("path", ["/api/users/signup", "/api/tickets"])
def test_a_system_in_trouble_is_one_sentence(market: Market, path: str) -> None:
    market.broken = path
    if path == "/api/users/signup":
        market.users = {seller.email: "" for seller in SELLERS}
        market.__dict__["_sign_in"] = lambda _: httpx.Response(400)
    with pytest.raises(StackError, match=r"the system answers (503|400)\.$"):
        fill(market, {})


def test_no_two_tickets_are_alike() -> None:
    titles = [title for seller in SELLERS for title, _ in seller.tickets]
    assert len(set(titles)) == len(titles) == ALL
    assert max(map(len, titles)) <= 200
