"""Things that tests need, with what matters given."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from common.clock import Clock
from common.events import OrderState, ReservedTicket
from common.mongo import new_id

WINDOW = timedelta(minutes=15)
_PATIENCE = 5.0


def make_order(clock: Clock, **overrides: Any) -> OrderState:
    """An order that has just been made, as orders announces it."""
    fields: dict[str, Any] = {
        "id": new_id(),
        "number": 1,
        "version": 0,
        "status": "created",
        "user_id": new_id(),
        "expires_at": clock() + WINDOW,
        "ticket": ReservedTicket(id=new_id(), title="Hozier", price_cents=7500, currency="usd"),
    }
    return OrderState(**(fields | overrides))


def later(order: OrderState, **changes: Any) -> OrderState:
    """The same order, one version on."""
    return order.model_copy(update={"version": order.version + 1} | changes)


async def until(true: Callable[[], object]) -> None:
    """Waits for what a sweep will do, for 5 s at most."""
    limit = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < limit, "it never happened"
        await asyncio.sleep(0.005)


async def a_few_sweeps() -> None:
    """Time for the sweeps to do what they should not."""
    await asyncio.sleep(0.06)
