"""HTTP in: `/api/payments`."""

from typing import Annotated

from fastapi import Header, Request

from common.web import CurrentUser, Provided, api_router

from .schemas import IdempotencyKey, IntentIn, PaymentIn, PaymentOut
from .service import Payments

router = api_router("/api/payments", "payments")
Service = Annotated[Payments, Provided]


@router.post("", status_code=201)
async def pay(payments: Service, user: CurrentUser, body: PaymentIn, key: IdempotencyKey = None) -> PaymentOut:
    """Authorises the order's amount on a card; it is captured once the order is confirmed."""
    return PaymentOut.of(await payments.pay(body.order_id, user.id, body.token, key), secret=False)


@router.post("/intents")
async def open_intent(payments: Service, user: CurrentUser, body: IntentIn, key: IdempotencyKey = None) -> PaymentOut:
    """The order's intent for Stripe's Payment Element; asked again, what has become of it."""
    return PaymentOut.of(await payments.open(body.order_id, user.id, key), secret=True)


@router.post("/webhook", responses={400: {"description": "not signed by Stripe, or not just now"}})
async def webhook(
    payments: Service, request: Request, signature: Annotated[str | None, Header(alias="Stripe-Signature")] = None
) -> None:
    """Takes an event of Stripe's, known by its signature; it is handled after the answer."""
    await payments.webhooks.take(await request.body(), signature)
