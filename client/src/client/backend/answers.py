"""What the APIs answer, as far as the shop reads it."""

from typing import Annotated, Any

from pydantic import Field, ValidationError

from client.domain import Order
from client.errors import Refused
from common.errors import FieldError
from common.events import CancelReason, OrderStatus, PaymentStatus
from common.web import Body, Id, Moment, Price, cents

from .protocol import Payment, Written

_PROBLEM = "urn:ticketing:problem:"


class WrittenAnswer(Body):
    """A ticket after a write."""

    id: Id
    version: int

    def read(self) -> Written:
        """As the shop knows it."""
        return Written(self.id, self.version)


class OrderedTicket(Body):
    """The ticket within an order."""

    id: Id
    title: str
    price: Price


class OrderAnswer(Body):
    """An order."""

    id: Id
    status: OrderStatus
    expires_at: Moment
    version: int
    ticket: OrderedTicket
    reason: CancelReason | None = None
    refunded: bool = False
    extended: bool = False

    def read(self) -> Order:
        """As the shop knows it."""
        return Order(
            id=self.id,
            status=self.status,
            expires_at=self.expires_at,
            version=self.version,
            ticket_id=self.ticket.id,
            title=self.ticket.title,
            cents=cents(self.ticket.price),
            reason=self.reason,
            refunded=self.refunded,
            extended=self.extended,
        )


class PaymentAnswer(Body):
    """A payment."""

    status: PaymentStatus
    client_secret: str | None = None

    def read(self) -> Payment:
        """As the shop knows it."""
        return Payment(self.status, self.client_secret)


class _ProblemError(Body):
    message: str
    field: str | None = None


class _Problem(Body):
    type: str = ""
    errors: Annotated[list[_ProblemError], Field(min_length=1)]


def refusal(status: int, answer: bytes) -> Refused | None:
    """The problem in an error answer; None where it is not one (a proxy's page, say)."""
    try:
        problem = _Problem.model_validate_json(answer)
    except ValidationError:
        return None
    errors = [FieldError(one.message, one.field) for one in problem.errors]
    return Refused(status, problem.type.removeprefix(_PROBLEM), errors)


def credentials(email: str, password: str) -> dict[str, Any]:
    """The body of signing up and signing in."""
    return {"email": email, "password": password}
