"""What the shop knows and decides without asking anybody: looks, stages, prices as people type them, ways back."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from common.events import HOLDING, CancelReason, OrderStatus, PaymentStatus

MOST_CENTS = 99_999_999
TITLE_LENGTH = 200
QUERY_LENGTH = 200
_NEXT_LENGTH = 500
_PRICE_LENGTH = 40
_BARE_PRICE = re.compile(r"(?P<whole>\d{1,9})(?:[.,](?P<part>\d{1,2}))?", re.ASCII)
_CURSOR = re.compile(r"([0-9]{1,8})-([0-9a-f]{24})")


@dataclass(frozen=True, slots=True)
class Hold:
    """The latest reservation of a ticket, as orders told it."""

    order_id: str
    number: int
    version: int
    status: OrderStatus
    user_id: str
    expires_at: datetime

    @property
    def active(self) -> bool:
        return self.status in HOLDING


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as the catalogue has heard of it."""

    id: str
    version: int
    title: str
    cents: int
    user_id: str
    order_id: str | None
    deleted: bool
    hold: Hold | None

    @property
    def free(self) -> bool:
        """Can be bought: neither tickets nor orders knows anybody who has it."""
        return not self.deleted and self.order_id is None and not (self.hold and self.hold.active)


class Look(StrEnum):
    """What a ticket is to the person looking at it; the stub shows it."""

    FREE = "free"
    OWN = "own"
    HELD = "held"
    PAYING = "paying"
    MINE_HELD = "mine_held"
    MINE_PAYING = "mine_paying"
    MINE = "mine"
    SOLD = "sold"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A look, until when (if that lies ahead), and the viewer's own order behind it."""

    look: Look
    until: datetime | None = None
    order_id: str | None = None


_THEIRS: dict[OrderStatus, Look] = {"created": Look.HELD, "awaiting:payment": Look.PAYING, "complete": Look.SOLD}
_MINE: dict[OrderStatus, Look] = {
    "created": Look.MINE_HELD,
    "awaiting:payment": Look.MINE_PAYING,
    "complete": Look.MINE,
}


def standing(ticket: Ticket, viewer: str | None, moment: datetime) -> Standing:
    """What this ticket is to `viewer` (a user id) at `moment`."""
    hold = ticket.hold
    if ticket.deleted:
        return Standing(Look.REMOVED)
    if hold is not None and hold.active:
        until = hold.expires_at if hold.status == "created" and hold.expires_at > moment else None
        if hold.user_id == viewer:
            return Standing(_MINE[hold.status], until, hold.order_id)
        return Standing(_THEIRS[hold.status], until)
    if ticket.order_id is not None:  # tickets has heard of an order that we have not, or not yet of its end
        return Standing(Look.HELD)
    return Standing(Look.OWN if ticket.user_id == viewer else Look.FREE)


@dataclass(frozen=True, slots=True)
class Search:
    """Which tickets, and in which order: words of the title, prices in cents (both included), one of the sorts."""

    q: str = ""
    sort: str = "newest"
    low: int | None = None
    high: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.q) or self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class Order:
    """A person's own order, as orders answers it."""

    id: str
    status: OrderStatus
    expires_at: datetime
    version: int
    ticket_id: str
    title: str
    cents: int
    reason: CancelReason | None = None
    """Why it was cancelled."""
    refunded: bool = False
    extended: bool = False
    """The five minutes more were asked for."""


class Stage(StrEnum):
    """Where an order stands; each has its own page and its own words."""

    PAY = "pay"
    DECLINED = "declined"
    CHECKING = "checking"
    ENDING = "ending"
    WAIT = "wait"
    PAID = "paid"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    LET_GO = "let_go"
    REJECTED = "rejected"
    FAILED = "failed"
    ENDED = "ended"


_ENDS: dict[CancelReason | None, Stage] = {
    "buyer": Stage.LET_GO,
    "expired": Stage.EXPIRED,
    "rejected": Stage.REJECTED,
    "failed": Stage.FAILED,
    None: Stage.ENDED,
}
UNDECIDED = (Stage.CHECKING, Stage.ENDING, Stage.WAIT)
"""Stages that end without the buyer doing anything: their page looks again by itself."""
_ON_ITS_WAY: tuple[PaymentStatus, ...] = ("pending", "authorized", "captured")


def stage(order: Order, payment: PaymentStatus | None, moment: datetime) -> Stage:
    """Where this order stands at `moment`, with the latest that was heard of its payment."""
    if order.status == "cancelled":
        return _ENDS[order.reason]
    if order.status == "complete":
        return Stage.REFUNDED if order.refunded else Stage.PAID
    if order.status == "awaiting:payment":
        return Stage.WAIT
    if payment in _ON_ITS_WAY:
        return Stage.CHECKING
    if order.expires_at <= moment:
        return Stage.ENDING
    return Stage.DECLINED if payment == "declined" else Stage.PAY


@dataclass(frozen=True, slots=True)
class PriceStyle:
    """How people write prices: what stands between thousands, before the cents, and for the currency."""

    group: str = ","
    decimal: str = "."
    symbol: str = "$"


def typed_cents(text: str, style: PriceStyle) -> int | None:
    """Cents of a price as people type it (`84`, `84.00`, `84,00`, `$84`, `1,234.50`); None where it is not above 0.

    What one part of the world reads as thousands, another reads as cents: groups count only as `style` has them.
    """
    bare = text.strip()
    bare = (
        bare.removeprefix(style.symbol) if bare.startswith(style.symbol) else bare.removesuffix(style.symbol)
    ).strip()
    group, decimal = re.escape(style.group), re.escape(style.decimal)
    grouped = rf"(?P<whole>\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}})(?:{decimal}(?P<part>\d{{1,2}}))?"
    found = _BARE_PRICE.fullmatch(bare) or re.fullmatch(grouped, bare, re.ASCII)
    if found is None or len(bare) > _PRICE_LENGTH:
        return None
    cents = int(found["whole"].replace(style.group, "")) * 100 + int((found["part"] or "").ljust(2, "0"))
    return cents or None


def decimal_text(cents: int) -> str:
    """`84.00`: a price as the APIs take it."""
    return f"{cents // 100}.{cents % 100:02d}"


def cursor_after(ticket: Ticket) -> str:
    """Names the page after this ticket."""
    return f"{ticket.cents}-{ticket.id}"


def read_cursor(text: str) -> tuple[int, str] | None:
    """The price and id in a cursor; None, which is the first page, where it is not one of ours."""
    found = _CURSOR.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def safe_next(text: str | None) -> str:
    """The place to go back to: a path of our own shop, and nothing that a browser reads as another host."""
    if not text or len(text) > _NEXT_LENGTH or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return "/"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path in {"/signin", "/signup", "/signout", "/theme", "/language"}:
        return "/"
    return text


def printed_number(identity: str) -> str:
    """The number printed on a ticket: the end of its id, in two groups."""
    return f"{identity[-6:-2]}-{identity[-2:]}".upper()
