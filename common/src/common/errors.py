"""Business errors. A service adds its own small classes; each is its code, its HTTP status and one full sentence.

AppError
├── Invalid            400  what was sent cannot be used; names the field
│   └── InvalidMany    400  several fields at once
├── NotSignedIn        401
├── NotOwner           401  as in the API's originals: not the owner is 401, not 403
├── NotFound           404
├── PreconditionFailed 412
├── TooLarge           413
├── Conflict           409  a write met too many others; may be tried again
└── Unavailable        503  a part we need does not answer
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to put right; `field` is the member's name in the request, if one is to blame."""

    message: str
    field: str | None = None


class AppError(Exception):
    """Anything we refuse, in words for the person who asked."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "This cannot be done."

    def __init__(self, sentence: str | None = None, *, field: str | None = None) -> None:
        self.errors: Sequence[FieldError] = (FieldError(sentence or self.sentence, field),)
        super().__init__(self.errors[0].message)


class Invalid(AppError):
    code, status, sentence = "invalid", 400, "The request cannot be used as it is."


class InvalidMany(Invalid):
    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, field=errors[0].field)
        self.errors = tuple(errors)


class NotSignedIn(AppError):
    code, status, sentence = "not-signed-in", 401, "Sign in first."


class NotOwner(AppError):
    code, status, sentence = "not-owner", 401, "This belongs to somebody else."


class NotFound(AppError):
    code, status, sentence = "not-found", 404, "There is nothing here."


class PreconditionFailed(AppError):
    code, status, sentence = "precondition-failed", 412, "It has changed since you read it."


class TooLarge(AppError):
    code, status, sentence = "too-large", 413, "The request is larger than 1 MiB."


class Conflict(AppError):
    code, status, sentence = "conflict", 409, "Too many changes at once. Try again."


class Unavailable(AppError):
    code, status, sentence = "unavailable", 503, "A part of the service does not answer. Try again in a moment."
