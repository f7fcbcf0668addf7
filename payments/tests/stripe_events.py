"""Events as Stripe sends them: what is about an intent, and nothing of what it says is true."""

import hashlib
import hmac
import json
import secrets
from typing import Any

from httpx import Response

from .shop import Shop

SECRET = "whsec_local"


def event(kind: str, intent_id: str, **overrides: Any) -> dict[str, Any]:
    """An event about an intent: itself its object, or a charge or refund of it."""
    about = {"id": intent_id, "object": "payment_intent", "status": "succeeded", "amount": 1}
    if not kind.startswith("payment_intent."):
        about = {"id": "ch_1", "object": kind.partition(".")[0], "payment_intent": intent_id}
    made = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": kind, "data": {"object": about}}
    return made | overrides


def signature(body: bytes, stamp: int, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


async def send(shop: Shop, made: dict[str, Any] | bytes, header: str | None = None) -> Response:
    """Posts it, signed now unless a header is given."""
    body = made if isinstance(made, bytes) else json.dumps(made, indent=2).encode()
    stamp = int(shop.kit.clock().timestamp())
    headers = {"Stripe-Signature": signature(body, stamp) if header is None else header}
    return await shop.api.post("/api/payments/webhook", content=body, headers=headers)


async def tell(shop: Shop, kind: str, intent_id: str) -> None:
    """Sends an event and lets what follows from it happen."""
    assert (await send(shop, event(kind, intent_id))).status_code == 200
    await shop.rest()
