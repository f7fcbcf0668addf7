"""Every refusal of the API, in the shape of docs.stripe.com/api/errors.

StripeError
├── InvalidRequest          400  a parameter is wrong; raised before anything is done
│   └── NoSuchParameter     400
├── NoSuchObject            404  (400 where a parameter names it)
├── UnexpectedState         400  the intent is not in a status that allows this
├── Refused                 400  any other rule of the endpoint
├── CardRefused             402
├── Unauthenticated         401
├── IdempotencyMismatch     400
├── KeyInUse                409
├── LockTimeout             429
└── ServerFault             500  only ever by order of a fault
"""

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """An answer that is an error. `saved`: an idempotency key replays it; `kept`: what was done stays done."""

    status = 400
    type = "invalid_request_error"
    code: str | None = None
    saved = True
    kept = False

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.code
        self.more = more

    def headers(self) -> dict[str, str]:
        """Headers that belong to this error alone."""
        return {}

    def body(self) -> Json:
        """The error object, without the members that have no value."""
        error: Json = {"message": self.message, "type": self.type, "code": self.code, "param": self.param, **self.more}
        if self.code:
            error["doc_url"] = "https://docs.stripe.com/error-codes#" + self.code.replace("_", "-")
        return {"error": {name: value for name, value in error.items() if value is not None}}


class InvalidRequest(StripeError):
    """No result is stored when parameters fail validation (docs.stripe.com/api/idempotent_requests)."""

    saved = False


class NoSuchParameter(InvalidRequest):
    """The parameter is unknown to Stripe, or known there and not covered here."""

    code = "parameter_unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown parameter: {name}. Stripe may know it; this stand-in does not.", param=name)


class NoSuchObject(StripeError):
    """The id names nothing."""

    status = 404
    code = "resource_missing"

    def __init__(self, kind: str, wanted: str, param: str = "id", *, in_body: bool = False) -> None:
        super().__init__(f"No such {kind}: '{wanted}'", param=param)
        self.status = 400 if in_body else 404


class UnexpectedState(StripeError):
    """The intent is in the wrong status; the error carries the intent."""

    code = "payment_intent_unexpected_state"


class Refused(StripeError):
    """A rule of the endpoint that is about neither the card nor the status."""


class CardRefused(StripeError):
    """The bank, or the look of the card, says no."""

    status = 402
    type = "card_error"
    kept = True


class Unauthenticated(StripeError):
    """No key, or not a key for tests, or one that may not do this."""

    status = 401
    saved = False

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="Stripe"'}


class IdempotencyMismatch(StripeError):
    """The key was used before, for another request."""

    type = "idempotency_error"
    saved = False


class KeyInUse(StripeError):
    """The first request with this key is still running."""

    status = 409
    code = "idempotency_key_in_use"
    saved = False


class LockTimeout(StripeError):
    """Another request holds the object."""

    status = 429
    code = "lock_timeout"
    saved = False

    def headers(self) -> dict[str, str]:
        return {"Stripe-Should-Retry": "true"}


class ServerFault(StripeError):
    """What Stripe answers when something of its own breaks."""

    type = "api_error"

    def __init__(self, status: int = 500) -> None:
        super().__init__("An error occurred on the server. It was ordered by a fault of the stand-in.")
        self.status = status

    def headers(self) -> dict[str, str]:
        # A retry would only replay the stored answer.
        return {"Stripe-Should-Retry": "false"}
