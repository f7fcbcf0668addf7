"""The other services as far as the shop notices them: one place that remembers and, unless told not to, says so."""

import dataclasses
from datetime import timedelta
from typing import Self

from client.backend import OrderPage, Payment, Session, Written
from client.domain import Order
from client.errors import Refused, Silent
from common.errors import FieldError
from common.events import (
    HOLDING,
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CREATED,
    ORDER_UPDATED,
    PAYMENT_AUTHORIZED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    CancelReason,
    OrderState,
    OrderStatus,
    PaymentState,
    PaymentStatus,
    ReservedTicket,
    TicketState,
)
from common.mongo import new_id
from common.testing import Kit

WINDOW = timedelta(minutes=15)


def refused(status: int, reason: str, message: str, field: str | None = None) -> Refused:
    """What an API answered."""
    return Refused(status, reason, [FieldError(message, field)])


class FakeBackend:
    """`down` names services that do not answer; `quiet` keeps events back; `answers` come instead of the next ones."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.tickets: dict[str, TicketState] = {}
        self.placed: dict[str, OrderState] = {}
        self.people: dict[str, tuple[str, str]] = {}
        self.page = 50
        self.down: set[str] = set()
        self.quiet = False
        self.calls: list[str] = []
        self.extended: set[str] = set()
        self.refuse: dict[str, Refused] = {}
        self.payments: list[Payment] = []
        self.cookie = "HttpOnly; Path=/; SameSite=lax"

    def _called(self, service: str, call: str) -> None:
        self.calls.append(call)
        if service in self.down:
            raise Silent(service)
        if call in self.refuse:
            raise self.refuse[call]

    def _user(self, token: str) -> str:
        user = self.kit.verifier.verify(token)
        assert user is not None
        return user.id

    async def put(self, title: str = "Hadestown", cents: int = 8400, user_id: str = "", **more: object) -> TicketState:
        """A ticket that somebody lists."""
        known = {"id": new_id(), "version": 0, "currency": "usd", "user_id": user_id or new_id()}
        ticket = TicketState(title=title, price_cents=cents, **{**known, **more})
        self.tickets[ticket.id] = ticket
        await self._say_ticket(ticket)
        return ticket

    async def place(
        self,
        ticket: TicketState,
        user_id: str,
        status: OrderStatus = "created",
        reason: CancelReason | None = None,
        **more: object,
    ) -> OrderState:
        """An order of a ticket by somebody, in this state, with what follows for the ticket."""
        number = 1 + sum(one.ticket.id == ticket.id for one in self.placed.values())
        reserved = ReservedTicket(
            id=ticket.id, title=ticket.title, price_cents=ticket.price_cents, currency=ticket.currency
        )
        known = {"id": new_id(), "number": number, "version": 0, "expires_at": self.kit.clock() + WINDOW}
        order = OrderState(status=status, reason=reason, user_id=user_id, ticket=reserved, **{**known, **more})
        await self.move(order)
        return order

    async def move(self, order: OrderState, **changes: object) -> OrderState:
        """The order changes, and its ticket with it."""
        if changes:
            order = order.model_copy(update={"version": order.version + 1, **changes})
        self.placed[order.id] = order
        if not self.quiet:
            kinds = {"created": ORDER_CREATED, "complete": ORDER_COMPLETED, "cancelled": ORDER_CANCELLED}
            await self.kit.hear(kinds.get(order.status, ORDER_UPDATED), order)
        ticket = self.tickets[order.ticket.id]
        holder = order.id if order.status in HOLDING else None
        ticket = ticket.model_copy(update={"order_id": holder, "version": ticket.version + 1})
        self.tickets[ticket.id] = ticket
        await self._say_ticket(ticket)
        return order

    async def settle_payment(self, order: OrderState, status: PaymentStatus, version: int = 1) -> None:
        """The order's payment is in this state."""
        payment = PaymentState(
            id=new_id(),
            order_id=order.id,
            user_id=order.user_id,
            version=version,
            attempt=1,
            status=status,
            amount_cents=order.ticket.price_cents,
            currency="usd",
        )
        await self.kit.hear(PAYMENT_AUTHORIZED, payment)

    async def _say_ticket(self, ticket: TicketState) -> None:
        kinds = {True: TICKET_DELETED, False: TICKET_UPDATED if ticket.version else TICKET_CREATED}
        if not self.quiet:
            await self.kit.hear(kinds[ticket.deleted], ticket)

    async def sign_up(self, email: str, password: str) -> Session:
        self._called("auth", "sign_up")
        if email in self.people:
            raise refused(400, "email-in-use", "This email address is in use.", "email")
        self.people[email] = (new_id(), password)
        return self._session(email)

    async def sign_in(self, email: str, password: str) -> Session:
        self._called("auth", "sign_in")
        if self.people.get(email, ("", ""))[1] != password:
            raise refused(400, "invalid-credentials", "Invalid credentials.")
        return self._session(email)

    def _session(self, email: str) -> Session:
        token = self.kit.token(self.people[email][0], email)
        return Session(token, f"session={token}; {self.cookie}")

    async def sign_out(self, token: str) -> None:
        assert self._user(token)
        self._called("auth", "sign_out")

    async def sell(self, token: str, title: str, cents: int) -> Written:
        self._called("tickets", "sell")
        ticket = await self.put(title, cents, self._user(token))
        return Written(ticket.id, 0)

    async def change(self, token: str, ticket_id: str, title: str, cents: int) -> Written:
        self._called("tickets", "change")
        ticket = self._own(token, ticket_id)
        changes = {"title": title, "price_cents": cents, "version": ticket.version + 1}
        await self._store(ticket.model_copy(update=changes))
        return Written(ticket_id, ticket.version + 1)

    async def take_down(self, token: str, ticket_id: str) -> None:
        self._called("tickets", "take_down")
        ticket = self._own(token, ticket_id)
        await self._store(ticket.model_copy(update={"deleted": True, "version": ticket.version + 1}))

    def _own(self, token: str, ticket_id: str) -> TicketState:
        ticket = self.tickets[ticket_id]
        if ticket.user_id != self._user(token):
            raise refused(401, "not-owner", "This belongs to somebody else.")
        if ticket.order_id:
            raise refused(400, "ticket-reserved", "This ticket is reserved or sold.")
        return ticket

    async def _store(self, ticket: TicketState) -> None:
        self.tickets[ticket.id] = ticket
        await self._say_ticket(ticket)

    async def reserve(self, token: str, ticket_id: str) -> Order:
        self._called("orders", "reserve")
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            raise refused(404, "not-found", "There is nothing here.")
        if ticket.order_id:
            raise refused(400, "already-reserved", "This ticket is reserved already.")
        return self._order(await self.place(ticket, self._user(token)))

    async def orders(self, token: str, cursor: str = "") -> OrderPage:
        self._called("orders", "orders")
        own = [self._order(one) for one in self.placed.values() if one.user_id == self._user(token)][::-1]
        start = next((place + 1 for place, one in enumerate(own) if one.id == cursor), 0)
        page = own[start : start + self.page]
        return OrderPage(page, page[-1].id if len(own) > start + self.page else "")

    async def order(self, token: str, order_id: str) -> Order:
        self._called("orders", "order")
        order = self.placed.get(order_id)
        if order is None:
            raise refused(404, "not-found", "There is nothing here.")
        if order.user_id != self._user(token):
            raise refused(401, "not-owner", "This belongs to somebody else.")
        return self._order(order)

    async def extend(self, token: str, order_id: str) -> Order:
        order = await self.order(token, order_id)
        self._called("orders", "extend")
        if order.status != "created" or order.extended:
            raise refused(400, "not-extendable", "This reservation cannot be extended.")
        state = self.placed[order_id]
        self.extended.add(order_id)
        return self._order(await self.move(state, expires_at=state.expires_at + timedelta(minutes=5)))

    async def let_go(self, token: str, order_id: str) -> None:
        order = await self.order(token, order_id)
        self._called("orders", "let_go")
        if order.status != "created":
            raise refused(400, "order-not-open", "This order is paid or being paid.")
        await self.move(self.placed[order_id], status="cancelled", reason="buyer")

    async def payment(self, token: str, order_id: str) -> Payment:
        await self.order(token, order_id)
        self._called("payments", "payment")
        return self.payments.pop(0) if self.payments else Payment("open", "pi_1_secret_1")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    def _order(self, state: OrderState) -> Order:
        return dataclasses.replace(_order(state), extended=state.id in self.extended)


def _order(state: OrderState) -> Order:
    return Order(
        id=state.id,
        status=state.status,
        expires_at=state.expires_at,
        version=state.version,
        ticket_id=state.ticket.id,
        title=state.ticket.title,
        cents=state.ticket.price_cents,
        reason=state.reason,
        refunded=state.refunded,
    )
