"""Every page in every state, as a browser can visit it: the shop on fakes, with Stripe's stand-in beside it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from playwright.async_api import Page
from starlette.types import ASGIApp, Receive, Scope, Send

from common.events import CancelReason, OrderState, OrderStatus, PaymentStatus, TicketState
from common.mongo import new_id
from infra.local.stripe.app import create_app as create_stripe
from infra.local.stripe.context import PREFIX, Options

from .fakes import FakeBackend

Act = Callable[[Page], Awaitable[None]]
TITLES: Mapping[str, int] = {
    "Hadestown, Broadway, orchestra row F": 16850,
    "Cécile McLorin Salvant, Village Vanguard, 9 pm": 4500,
    "Knicks at Celtics, section 112": 9400,
    "The Nutcracker, family matinee": 6200,
    "Hozier, Red Rocks, general admission": 12000,
    "Contemporary dance: four short pieces, and a talk with the choreographer afterwards": 2800,
    "Magnus Carlsen simultaneous display, spectator": 1500,
    "King Lear, balcony": 3900,
    "Vienna Philharmonic, New Year's Concert, parterre left": 124000,
}


@dataclass(frozen=True)
class State:
    """A page in one state: where it is, who looks (nobody, if empty), what is done there first, what is away then."""

    name: str
    path: str
    viewer: str = ""
    act: Act | None = None
    away: tuple[str, ...] = ()
    status: int = 200


@dataclass
class Gallery:
    """The states, and the shop that has them."""

    backend: FakeBackend
    seller: str = field(default_factory=new_id)
    buyer: str = field(default_factory=new_id)
    stranger: str = field(default_factory=new_id)
    states: list[State] = field(default_factory=list)

    async def fill(self) -> "Gallery":
        """Lists, sells and orders until every state is there."""
        self.tickets = [await self.backend.put(title, cents, self.stranger) for title, cents in TITLES.items()]
        self._anonymous()
        await self._tickets()
        await self._selling()
        await self._orders()
        return self

    def add(self, name: str, path: str, viewer: str = "", **more: Any) -> None:
        self.states.append(State(name, path, viewer, **more))

    def _anonymous(self) -> None:
        self.add("listing", "/")
        self.add("listing-sought", "/?q=the&from=10&to=90&sort=price")
        self.add("listing-none", "/?q=zeppelin")
        self.add("listing-none-fit", "/?from=1&to=2")
        self.add("listing-bad-price", "/?from=cheap")
        self.add("signup", "/signup")
        self.add(
            "signup-wrong", "/signup", act=_filled("Create an account", {"Email address": "x", "Password": "short"})
        )
        self.add("signin", "/signin")
        self.add("signin-needed", "/orders")
        typed = {"Email address": "dana@example.com", "Password": "not my password"}
        self.add("signin-wrong", "/signin", act=_filled("Sign in", typed))
        self.add("missing", "/nowhere", status=404)
        self.add("offline", "/offline")

    async def _tickets(self) -> None:
        free = self.tickets[0]
        self.add("ticket-free", f"/tickets/{free.id}")
        for name, title, viewer, status, by in (
            ("held", "Arooj Aftab, Barbican Hall", "", "created", self.stranger),
            ("paying", "The Glass Menagerie, stalls C 4", "", "awaiting:payment", self.stranger),
            ("sold", "Turangalila Symphony, row 11", "", "complete", self.stranger),
            ("mine-held", "Orfeo ed Euridice, second tier", self.buyer, "created", self.buyer),
            ("mine", "Sleeping Beauty, box 7", self.buyer, "complete", self.buyer),
        ):
            ticket = await self.backend.put(title, 5600, self.seller)
            await self.backend.place(ticket, by, status)  # type: ignore[arg-type]
            self.add(f"ticket-{name}", f"/tickets/{ticket.id}", viewer)
            if not viewer:
                self.add(f"ticket-own-{name}", f"/tickets/{ticket.id}", self.seller)
        taken = self.tickets[1]
        pressed = _pressed("Reserve for 15 minutes")
        self.add("ticket-silent", f"/tickets/{taken.id}", self.buyer, act=pressed, away=("orders",))

    async def _selling(self) -> None:
        own = await self.backend.put("Macbeth, front stalls", 7200, self.seller)
        self.add("ticket-own", f"/tickets/{own.id}", self.seller)
        self.add("sell-first", "/sell", new_id())
        self.add("sell", "/sell", self.seller)
        self.add("sell-wrong", "/sell", self.seller, act=_filled("List this ticket", {"Title": " ", "Price": "a lot"}))
        self.add("edit", f"/tickets/{own.id}/edit", self.seller)
        self.add("edit-wrong", f"/tickets/{own.id}/edit", self.seller, act=_filled("Save the changes", {"Price": "0"}))
        self.add("remove", f"/tickets/{own.id}/delete", self.seller)
        self.add("account", "/account", self.seller)

    async def _orders(self) -> None:
        self.add("orders-none", "/orders", new_id())
        self.add("order-pay", await self._order("Swan Lake, dress circle"), self.buyer)
        soon = self.backend.kit.clock() + timedelta(seconds=100)
        self.add("order-urgent", await self._order("Giselle, stalls", expires_at=soon), self.buyer)
        declined = await self._order("Tosca, upper circle", payment="declined")
        self.add("order-declined", declined, self.buyer)
        self.add("order-checking", await self._order("Aida, box 4", payment="authorized"), self.buyer)
        late = self.backend.kit.clock() - timedelta(seconds=1)
        self.add("order-ending", await self._order("Carmen, stalls", expires_at=late), self.buyer)
        self.add("order-wait", await self._order("Norma, balcony", "awaiting:payment"), self.buyer)
        self.add("order-paid", await self._order("Hamilton, mezzanine", "complete"), self.buyer)
        self.add("order-refunded", await self._order("Cats, stalls", "complete", refunded=True), self.buyer)
        for reason, title in (
            ("expired", "Elektra, dress circle"),
            ("buyer", "Company, front row"),
            ("rejected", "Rigoletto, upper circle"),
            ("failed", "Il trovatore, balcony"),
        ):
            path = await self._order(title, "cancelled", reason)  # type: ignore[arg-type]
            self.add(f"order-{reason}", path, self.buyer)
        gone = await self._order("Lulu, stalls", "cancelled", "expired")
        await self.backend.place(self._ticket_of(gone), self.stranger, "complete")
        self.add("order-sold", gone, self.buyer)
        held = await self._order("Salome, stalls", "cancelled", "expired")
        await self.backend.place(self._ticket_of(held), self.stranger)
        self.add("order-held", held, self.buyer)
        self.add("orders", "/orders", self.buyer)
        self.add("orders-silent", "/orders", self.buyer, away=("orders",), status=503)

    def _ticket_of(self, path: str) -> TicketState:
        return self.backend.tickets[self.backend.placed[path.rpartition("/")[2]].ticket.id]

    async def _order(
        self,
        title: str,
        status: OrderStatus = "created",
        reason: CancelReason | None = None,
        payment: PaymentStatus | None = None,
        **more: object,
    ) -> str:
        """The path of an order of the buyer's."""
        ticket = await self.backend.put(title, 6800, self.seller)
        order: OrderState = await self.backend.place(ticket, self.buyer, status, reason, **more)
        if payment is not None:
            await self.backend.settle_payment(order, payment)
        return f"/orders/{order.id}"

    async def visit(self, page: Page, url: str, state: State) -> None:
        """Shows the page in this state, ready to be looked at."""
        context = page.context
        await context.clear_cookies()
        if state.viewer:
            token = self.backend.kit.token(state.viewer, "dana@example.com")
            await context.add_cookies([{"name": "session", "value": token, "url": url}])
        self.backend.down = set() if state.act else set(state.away)
        answer = await page.goto(url + state.path)
        assert answer is not None
        assert answer.status == state.status, (state, answer.status)
        if state.act:
            self.backend.down = set(state.away)
            await state.act(page)
        if state.path.startswith("/orders/") and await page.locator("[data-pay]").count():
            await page.frame_locator("#card iframe").get_by_label("Card number").wait_for()
        await page.evaluate("() => document.fonts.ready")


def _filled(button: str, fields: Mapping[str, str]) -> Act:
    async def act(page: Page) -> None:
        for label, text in fields.items():
            await page.get_by_label(label, exact=True).fill(text)
        await page.get_by_role("button", name=button, exact=True).click()
        await page.wait_for_load_state()
        await page.get_by_role("alert").first.wait_for()

    return act


def _pressed(button: str) -> Act:
    async def act(page: Page) -> None:
        await page.get_by_role("button", name=button).click()
        await page.get_by_role("heading", name="A part of the shop does not answer").wait_for()

    return act


@asynccontextmanager
async def with_stripe(shop: FastAPI) -> AsyncIterator[ASGIApp]:
    """The shop with the stand-in's address in it, as the gateway joins them."""
    stripe = create_stripe(Options())

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (stripe if scope.get("path", "").startswith(PREFIX) else shop)(scope, receive, send)

    async with stripe.router.lifespan_context(stripe):
        yield both
