"""A service's parts without anything that runs by itself, and Stripe's word to it."""

import hashlib
import hmac
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

from common.clock import Clock
from common.mongo import create_indexes
from common.testing import FakeClock
from common.web import Parts

_SECRET = "whsec_local"


class StillParts(Parts):
    """Parts that start nothing in the background: the story says what runs when."""

    def __init__(self, name: str, database: Any, bus: Any, clock: FakeClock) -> None:
        super().__init__(name, database, bus, clock)
        self.sweepers: list[Any] = []

    def add(self, *parts: AbstractAsyncContextManager[Any]) -> None:
        self.sweepers += parts

    async def prepare(self) -> None:
        """Creates the indexes."""
        for indexes in self._indexes:
            await create_indexes({collection: list(models) for collection, models in indexes.items()})


def webhook(clock: Clock, event_id: str, kind: str, intent_id: str) -> tuple[bytes, str]:
    """Stripe's event about an intent: the body and its signature (https://docs.stripe.com/webhooks/signature)."""
    about = {"object": "payment_intent", "id": intent_id}
    body = json.dumps({"id": event_id, "type": kind, "data": {"object": about}}).encode()
    stamp = int(clock().timestamp())
    digest = hmac.new(_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, f"t={stamp},v1={digest}"
