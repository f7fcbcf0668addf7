"""What requests carry and answers give."""

import re
from typing import Annotated, Self

from fastapi import Header
from pydantic import AfterValidator, Field, StringConstraints

from common.web import Body, Id

from .intents import Answer

_TOKEN = re.compile(r"(?:tok|pm)_[A-Za-z0-9_]{1,250}")


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("is what Stripe.js makes of a card: tok_... or pm_...")
    return text


Token = Annotated[str, StringConstraints(max_length=254), AfterValidator(_token)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,255}$")]
"""Whatever the client chose, in printable ASCII."""


class PaymentIn(Body):
    """A card for an order. Card numbers never come here: Stripe.js makes a token of them in the browser."""

    order_id: Id
    token: Token = Field(examples=["pm_card_visa"])


class IntentIn(Body):
    """The order that a page wants to pay."""

    order_id: Id


class PaymentOut(Body):
    """A payment as its buyer may see it. `clientSecret` lets their browser go on with Stripe."""

    id: str
    order_id: str
    status: str
    version: int
    client_secret: str | None = Field(default=None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, answer: Answer, *, secret: bool) -> Self:
        """The answer; `secret`: with the client secret in any status."""
        payment = answer.payment.public()
        shown = secret or payment.status == "requires_action"
        return cls(
            id=payment.id,
            order_id=payment.order_id,
            status=payment.status,
            version=payment.version,
            client_secret=answer.client_secret if shown else None,
        )
