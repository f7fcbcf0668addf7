"""What requests carry and answers give."""

import base64
import binascii
import json
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from common.web import PRINTABLE, Body, Price, price

from .domain import Ticket
from .errors import BadCursor

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), PRINTABLE]


class TicketIn(Body):
    """What a seller says of a ticket."""

    title: Title = Field(examples=["Hadestown, Walter Kerr Theatre, orchestra L 8"])
    price: Price


class TicketOut(Body):
    """A ticket as everybody may see it."""

    id: str
    title: str
    price: Price
    user_id: str
    order_id: str | None
    version: int

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """The ticket's public side."""
        return cls(
            id=ticket.id,
            title=ticket.title,
            price=price(ticket.price_cents),
            user_id=ticket.user_id,
            order_id=ticket.order_id,
            version=ticket.version,
        )


def cursor_after(ticket: Ticket) -> str:
    """An opaque cursor: the page after this ticket."""
    return base64.urlsafe_b64encode(json.dumps([ticket.price_cents, ticket.id]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """The price and id in a cursor; `BadCursor` for anything else."""
    try:
        price_cents, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(price_cents, int) or len(bytes.fromhex(identity)) != 12:  # noqa: PLR2004 (an ObjectId)
            raise BadCursor(field="cursor")
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise BadCursor(field="cursor") from error
    return price_cents, identity
