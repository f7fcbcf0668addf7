"""What the operator's commands do."""

import pytest

from common.clock import rfc3339
from common.events import EXPIRATION_COMPLETE, ORDER_CANCELLED, ORDER_CREATED
from common.testing import Kit
from expiration import commands
from expiration.schedule import MemoryTimer

from .conftest import Ring
from .factories import WINDOW, later, make_order, until

pytestmark = pytest.mark.usefixtures("api")


async def test_state_tells_how_every_deadline_stands(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    fired, ended = make_order(kit.clock), make_order(kit.clock)
    await kit.hear(ORDER_CREATED, fired)
    await until(lambda: timer.jobs)
    kit.clock.advance(WINDOW.total_seconds())
    await ring()
    armed = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, armed)
    await kit.hear(ORDER_CANCELLED, ended.model_copy(update={"status": "cancelled"}))
    first, *owned, last = [line async for line in commands.state(kit.parts)]
    assert (first["service"], last["lines"]) == ("expiration", 3)
    assert [(one["id"], one["private"]["stands"], one["waiting"]) for one in owned] == [
        (fired.id, "fired", ["orders"]),
        (ended.id, "ended", []),
        (armed.id, "armed", ["deadline"]),
    ]
    assert owned[2]["state"] == {"orderId": armed.id, "expiresAt": rfc3339(armed.expires_at)}


async def test_history_heard_again_arms_nothing_that_has_ended(kit: Kit, ring: Ring) -> None:
    """As by a consumer that was deleted and made again."""
    order = make_order(kit.clock)
    gone = later(order, status="cancelled")
    for _ in range(2):
        await kit.hear(ORDER_CREATED, order)
        await kit.hear(ORDER_CANCELLED, gone)
    kit.clock.advance(WINDOW.total_seconds())
    await ring()
    assert kit.bus.events(EXPIRATION_COMPLETE) == []
