"""Stripe's API as a gateway, through its official package."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import stripe
from prometheus_client import Histogram

from .errors import StripeAway
from .gateway import (
    Authorised,
    Cancelled,
    Captured,
    Declined,
    Intent,
    Marks,
    Missing,
    NeedsAction,
    Processing,
    Refund,
    Refused,
    Reply,
    Terms,
    Unconfirmed,
    Unknown,
)

if TYPE_CHECKING:
    from stripe.params import PaymentIntentListParams, RefundCreateParams, RefundListParams

ANSWER_WITHIN = 10.0
"""Seconds."""
_SKEW = timedelta(minutes=2)
_PAGES = 10
_REFUSALS, _NOT_FOUND, _KEY_REFUSED = range(400, 500), 404, frozenset({401, 403})
_NOT_DONE = _KEY_REFUSED | {409, 429}

_ID = re.compile(r"[0-9a-f]{24}")
_NUMBER = "request"
"""Where a refund's number is noted."""
T = TypeVar("T")

_log = logging.getLogger(__name__)
_seconds = Histogram("stripe_request_seconds", "Time that Stripe took to answer", ["step", "outcome"])


class StripeGateway:
    """An asynchronous context manager: left, it closes its connections."""

    def __init__(self, key: str, url: str, answer_within: float = ANSWER_WITHIN) -> None:
        """`url` is where the API is: Stripe's own, or a stand-in's. `answer_within`: seconds for one call."""
        stripe.enable_telemetry = False
        self._answer_within = answer_within
        self._http = stripe.HTTPXClient(timeout=answer_within)
        # Retries are ours: only we know when a key may go out again.
        client = stripe.StripeClient(
            key, base_addresses={"api": url.rstrip("/")}, http_client=self._http, max_network_retries=0
        )
        self._intents = client.v1.payment_intents
        self._methods = client.v1.payment_methods
        self._refunds = client.v1.refunds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def create(self, terms: Terms, key: str) -> Reply:
        """An unconfirmed intent on these terms."""
        return await self._asked(
            "create",
            self._intents.create_async(
                {
                    "amount": terms.amount_cents,
                    "currency": terms.currency,
                    "capture_method": "manual",
                    # Money can be held on cards; and the page says so to Stripe's fields before there is an intent.
                    "allowed_payment_method_types": ["card"],
                    "metadata": _metadata(terms),
                },
                {"idempotency_key": key},
            ),
        )

    async def confirm(self, intent_id: str, token: str, key: str) -> Reply:
        """Tries the card that `token` (tok_... or pm_...) stands for."""
        return await self._asked("confirm", self._confirmed(intent_id, token, key))

    async def _confirmed(self, intent_id: str, token: str, key: str) -> Any:
        method = token
        if token.startswith("tok_"):
            options: stripe.RequestOptions = {"idempotency_key": f"{key}-method"}
            method = (await self._methods.create_async({"type": "card", "card": {"token": token}}, options)).id
        return await self._intents.confirm_async(intent_id, {"payment_method": method}, {"idempotency_key": key})

    async def capture(self, intent_id: str, amount_cents: int, key: str) -> Reply:
        """Takes the money that is held."""
        options: stripe.RequestOptions = {"idempotency_key": key}
        call = self._intents.capture_async(intent_id, {"amount_to_capture": amount_cents}, options)
        return await self._asked("capture", call)

    async def cancel(self, intent_id: str, key: str) -> Reply:
        """Lets the money go; the intent can never be used again."""
        return await self._asked("cancel", self._intents.cancel_async(intent_id, {}, {"idempotency_key": key}))

    async def read(self, intent_id: str) -> Reply:
        """How it stands."""
        return await self._asked("read", self._intents.retrieve_async(intent_id))

    async def find(self, terms: Terms, since: datetime) -> Reply:
        """The newest intent made on these terms since then, among the last thousand.

        One further back was never confirmed, since its id was never saved: nothing can come of it.
        """
        return await self._asked("find", self._found(terms, int((since - _SKEW).timestamp())))

    async def _found(self, terms: Terms, since: int) -> Any:
        wanted = _metadata(terms)
        params: PaymentIntentListParams = {"created": {"gte": since}, "limit": 100}
        for _ in range(_PAGES):
            page = await self._intents.list_async(params)
            for intent in page.data:
                if intent.metadata.to_dict() == wanted:
                    return intent
            if not page.has_more or not page.data:
                break
            params["starting_after"] = page.data[-1].id
        return None

    async def inspect(self, intent_id: str) -> tuple[Marks | None, Reply]:
        """How it stands, and our marks on it; None where it is not one of ours."""
        found = await self._made(
            "inspect", self._intents.retrieve_async(intent_id), lambda one: (_marks(one), _outcome(one))
        )
        return found if isinstance(found, tuple) else (None, found)

    async def refund(
        self, intent_id: str, amount_cents: int | None, key: str, number: int | None = None
    ) -> Refund | Refused | Missing | Unknown:
        """Returns this much of what was taken, or all that is left of it."""
        params: RefundCreateParams = {"payment_intent": intent_id}
        if amount_cents is not None:
            params["amount"] = amount_cents
        if number is not None:
            params["metadata"] = {_NUMBER: str(number)}
        made = await self._made("refund", self._refunds.create_async(params, {"idempotency_key": key}), _refund)
        return made if isinstance(made, Refund | Missing | Unknown | Refused) else Refused("unexpected")

    async def refunds(self, intent_id: str) -> tuple[Refund, ...] | Unknown:
        """The refunds made of it, whoever made them: the newest hundred."""
        params: RefundListParams = {"payment_intent": intent_id, "limit": 100}
        made = await self._made(
            "refunds", self._refunds.list_async(params), lambda page: tuple(_refund(one) for one in page.data)
        )
        return made if isinstance(made, tuple) else Unknown()

    async def every(self) -> AsyncIterator[Any]:
        """Every intent at Stripe that bears our marks, as Stripe has it, newest first; then every refund.

        `StripeAway` where Stripe does not go on.
        """
        intents: PaymentIntentListParams = {"limit": 100}
        async for intent in self._pages(self._intents.list_async, intents):
            if _marks(intent) is not None:
                yield intent
        refunds: RefundListParams = {"limit": 100}
        async for refund in self._pages(self._refunds.list_async, refunds):
            yield refund

    async def touched(self, since: datetime) -> AsyncIterator[tuple[str, bool]]:
        """Every intent of ours that was made since then, and every one that was refunded since, which is said too.

        `StripeAway` where Stripe does not go on.
        """
        bounds = {"created": {"gte": int((since - _SKEW).timestamp())}, "limit": 100}
        async for intent in self._pages(self._intents.list_async, dict(bounds)):
            if _marks(intent) is not None:
                yield intent.id, False
        async for refund in self._pages(self._refunds.list_async, dict(bounds)):
            if refund.payment_intent is not None:
                yield refund.payment_intent, True

    async def _pages(self, page_of: Callable[[Any], Awaitable[Any]], params: Any) -> AsyncIterator[Any]:
        while True:
            answer = await self._made("list", page_of(params), lambda page: [page])
            if not isinstance(answer, list):
                raise StripeAway
            for one in answer[0].data:
                yield one
            if not answer[0].has_more or not answer[0].data:
                return
            params["starting_after"] = answer[0].data[-1].id

    async def _asked(self, step: str, call: Awaitable[Any]) -> Reply:
        """What came of a call about an intent."""
        return await self._made(step, call, lambda intent: Missing() if intent is None else _outcome(intent))

    async def _made(self, step: str, call: Awaitable[Any], understood: Callable[[Any], T]) -> T | Reply:
        """What came of a call. Its parameters are in no log: they may be good for money."""
        began = asyncio.get_running_loop().time()
        reply: T | Reply
        try:
            async with asyncio.timeout(self._answer_within):
                reply = understood(await call)
        except TimeoutError:
            reply = Unknown()
        except stripe.StripeError as error:
            reply = _refusal(error)
        if isinstance(reply, Unknown | Refused | Missing):
            _log.warning("Stripe did not do as asked", extra={"step": step, "reply": repr(reply)})
        _seconds.labels(step, type(reply).__name__).observe(asyncio.get_running_loop().time() - began)
        return reply


def _metadata(terms: Terms) -> dict[str, str]:
    return {"orderId": terms.order_id, "paymentId": terms.payment_id, "attempt": str(terms.attempt)}


def _marks(intent: Any) -> Marks | None:
    noted = intent.metadata.to_dict() if intent.metadata else {}
    order_id, payment_id, attempt = (str(noted.get(name, "")) for name in ("orderId", "paymentId", "attempt"))
    ours = _ID.fullmatch(order_id) and _ID.fullmatch(payment_id) and attempt.isascii() and attempt.isdecimal()
    return Marks(order_id, payment_id, int(attempt)) if ours else None


_STANDINGS: Mapping[str, Literal["pending", "succeeded", "failed"]] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


def _refund(made: Any) -> Refund:
    """A refund in our words (docs.stripe.com/api/refunds/object); what is neither done nor failed is pending."""
    number = str((made.metadata.to_dict() if made.metadata else {}).get(_NUMBER, ""))
    numbered = number.isascii() and number.isdecimal()
    return Refund(_STANDINGS.get(made.status, "pending"), made.amount, int(number) if numbered else None)


_OUTCOMES: Mapping[str, Callable[[Any], Intent]] = {
    "requires_capture": lambda intent: Authorised(intent.id),
    "succeeded": lambda intent: Captured(intent.id),
    "canceled": lambda intent: Cancelled(intent.id),
    "processing": lambda intent: Processing(intent.id),
    "requires_action": lambda intent: NeedsAction(intent.id, intent.client_secret),
}


def _outcome(intent: Any) -> Intent:
    """An intent in our words (docs.stripe.com/payments/paymentintents/lifecycle)."""
    if intent.status in _OUTCOMES:
        return _OUTCOMES[intent.status](intent)
    error = getattr(intent, "last_payment_error", None)
    if intent.status == "requires_payment_method" and error is not None:
        code, decline = getattr(error, "code", None), getattr(error, "decline_code", None)
        return Declined(intent.id, code or "card_declined", decline, intent.client_secret)
    return Unconfirmed(intent.id, intent.client_secret)


def _refusal(error: stripe.StripeError) -> Reply:
    """An error in our words (docs.stripe.com/api/errors). A call that was not carried out counts as unanswered."""
    status = error.http_status
    if status in _KEY_REFUSED:
        _log.error("Stripe does not take our key", extra={"status": status})
    if status is None or status in _NOT_DONE:
        return Unknown()
    if status not in _REFUSALS or isinstance(error, stripe.IdempotencyError):
        return Unknown(answered=True)
    code = error.code or getattr(error.error, "code", None) or "refused"
    if isinstance(error, stripe.CardError):
        return Declined("", code, getattr(error.error, "decline_code", None))
    return Missing() if status == _NOT_FOUND else Refused(code)
