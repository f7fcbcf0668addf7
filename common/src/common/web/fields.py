"""The types of fields that more than one service takes or gives."""

import unicodedata
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel

from common.events import Moment

__all__ = ["PRINTABLE", "Body", "Id", "Moment", "PathId", "Price", "Text", "cents", "price"]

_ID = r"^[0-9a-fA-F]{24}$"


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("may not contain control characters")
    return text


Id = Annotated[str, StringConstraints(pattern=_ID, to_lower=True)]
"""An id in a body: an ObjectId as 24 hex digits."""
PathId = Annotated[str, Path(alias="id", pattern=_ID), AfterValidator(str.lower)]
"""The `{id}` of a path."""
PRINTABLE = AfterValidator(_printable)
"""No control characters, NUL included."""
Text = Annotated[str, PRINTABLE]
"""One line of text."""

_MOST = Decimal("999999.99")
Price = Annotated[
    Decimal,
    Field(gt=0, le=_MOST, decimal_places=2, allow_inf_nan=False, examples=[84.5]),
    PlainSerializer(float, return_type=float, when_used="json"),
]
"""Money in major units, with two decimals at most: eight digits in all, so that its JSON number is exact."""


def cents(price: Decimal) -> int:
    """A price in integer cents."""
    return int(price * 100)


def price(amount: int) -> Decimal:
    """Integer cents as a price in major units."""
    return Decimal(amount) / 100


class Body(BaseModel):
    """What a request carries or an answer gives: camelCase; members that the contract does not know are ignored."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)
