"""What the shop says at a moment that matters is so: each is brought about, and the parts concerned are asked.

Others stand where their moment is: a declined card, a bank that asks, a connection that breaks (`test_paying`), time
that runs out, five minutes more (`test_too_late`), one who came a moment too late (`test_live`).
"""

import asyncio
import sys

from infra.local.layout import REPOSITORY
from infra.local.testing import RunningStack
from tests.e2e.conftest import Sinks
from tests.e2e.people import DECLINED_CARD, Json, eventually

from .visitor import Visit, Visitor

PRICE = 2000
PAID = "It is yours"


async def two(visit: Visit) -> tuple[Visitor, Visitor]:
    buyer, other = await visit(), await visit()
    await asyncio.gather(buyer.joins(), other.joins())
    return buyer, other


async def taken(sinks: Sinks, order: Json) -> int:
    """Cents that the buyer is without: taken or held, and not returned."""
    intents = await sinks.intents_for(order)
    kept = sum(one["amount_received"] + one["amount_capturable"] for one in intents)
    returned = sum(refund["amount"] for one in intents for refund in one.get("refunds", []))
    return int(kept - returned)


async def ends(buyer: Visitor, order: Json) -> Json:
    """The order, once nothing about it is open."""
    over = {"complete", "cancelled"}
    return await eventually(lambda: buyer.order(order), lambda found: found["status"] in over, seconds=20)


async def is_refused(visitor: Visitor, ticket: Json) -> str:
    """Why this person cannot reserve the ticket."""
    refusal = await visitor.post("/api/orders", {"ticketId": ticket["id"]}, status=400)
    return str(refusal["type"]).rpartition(":")[2]


async def test_nobody_else_can_buy_it_or_even_start_to(visit: Visit) -> None:
    buyer, other = await two(visit)
    ticket = await other.sells()
    await other.open(f"/tickets/{ticket['id']}")
    await buyer.open(f"/tickets/{ticket['id']}")
    await buyer.sees("For 15 minutes nobody else can buy it, or even start to.")
    await buyer.press("Reserve for 15 minutes")
    await buyer.reads("This ticket is held for you")
    assert await is_refused(other, ticket) == "already-reserved"
    await other.sees("It is locked while a buyer has it, and free again if they do not pay.")
    locked = await other.context.request.put(
        f"{other.shop}/api/tickets/{ticket['id']}", data={"title": "Changed", "price": 1}
    )
    assert locked.status == 400
    await buyer.press("Let this ticket go")
    await other.sees("You can change it or take it down until somebody reserves it.")


async def test_it_is_yours_and_you_paid_once_and_nobody_else_can_have_it(visit: Visit, sinks: Sinks) -> None:
    buyer, other = await two(visit)
    ticket = await other.sells()
    order = await buyer.reserves(ticket)
    await buyer.pays(order)
    await buyer.open(f"/orders/{order['id']}")
    await buyer.reads(PAID)
    await buyer.sees("You paid $20.00. It cannot be sold to anybody else.")
    assert await taken(sinks, order) == PRICE
    assert await is_refused(other, ticket) == "already-reserved"
    await other.open(f"/tickets/{ticket['id']}")
    await other.sees("You sold this ticket. It cannot be changed any more.")


async def test_let_go_and_not_charged(visit: Visit, sinks: Sinks) -> None:
    buyer, other = await two(visit)
    ticket = await other.sells()
    order = await buyer.reserves(ticket)
    await buyer.post("/api/payments/intents", {"orderId": order["id"]}, status=200)
    await buyer.open(f"/orders/{order['id']}")
    await buyer.press("Let this ticket go")
    await buyer.reads("You let this ticket go. You were not charged.")
    await buyer.sees("The ticket is on sale, and you can reserve it like anybody else.")

    async def closed() -> list[str]:
        return [one["status"] for one in await sinks.intents_for(order)]

    await eventually(closed, lambda found: found == ["canceled"], seconds=20)
    await other.reserves(ticket)
    await buyer.page.reload()
    await buyer.sees("Somebody else holds the ticket now. If they do not pay, it is on sale again.")


async def test_the_money_was_returned_and_the_ticket_stays(stack: RunningStack, visit: Visit, sinks: Sinks) -> None:
    buyer, other = await two(visit)
    order = await buyer.reserves(await other.sells())
    await buyer.pays(order)
    await ends(buyer, order)
    await buyer.open(f"/orders/{order['id']}")
    await command(stack, "payments", "refund", order["id"])
    await buyer.reads("Your money was returned", within=30_000)
    await buyer.sees("All of the $20.00 was sent back to your card. The ticket stays yours.")
    assert await taken(sinks, order) == 0
    assert await is_refused(other, order["ticket"]) == "already-reserved"


async def command(stack: RunningStack, service: str, *words: str) -> None:
    """An operator's command, as the stack's own service."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"{service}.commands", *words),
        cwd=REPOSITORY,
        env=await stack.environment(service),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def test_a_payment_that_fails_after_all_takes_nothing(visit: Visit, sinks: Sinks) -> None:
    """The bank takes its yes back: the capture is refused, so the ticket goes back and the money too."""
    buyer, other = await two(visit)
    ticket = await other.sells()
    order = await buyer.reserves(ticket)
    await sinks.stripe.post("/stand-in/stripe/faults", json={"action": "expire", "path": "*/capture"})
    await buyer.open(f"/orders/{order['id']}")
    await buyer.pays(order)
    await buyer.reads("The payment failed. You were not charged.", within=30_000)
    assert await taken(sinks, order) == 0
    await other.reserves(ticket)


async def test_while_the_bank_confirms_the_ticket_stays_ones_own(visit: Visit, sinks: Sinks) -> None:
    buyer, other = await two(visit)
    ticket = await other.sells()
    order = await buyer.reserves(ticket)
    fault = {"action": "slow", "path": "*/capture", "seconds": 4.0}
    await sinks.stripe.post("/stand-in/stripe/faults", json=fault)
    await buyer.open(f"/orders/{order['id']}")
    await buyer.pays(order)
    await buyer.reads("Your bank is confirming the payment")
    await buyer.sees("The ticket stays yours while we wait. Do not pay again.")
    assert await is_refused(other, ticket) == "already-reserved"
    await buyer.reads(PAID, within=30_000)
    assert await taken(sinks, order) == PRICE


async def test_a_seller_who_changed_it_first_sells_nothing_by_mistake(
    stack: RunningStack, visit: Visit, sinks: Sinks
) -> None:
    """Orders has not heard of the new price yet when somebody reserves: the reservation is refused, the money safe."""
    buyer, other = await two(visit)
    ticket = await other.sells()
    await eventually(lambda: known(buyer, ticket), lambda found: found, seconds=10)
    for name in ("orders-1", "orders-2"):
        await stack.pause(name)
    try:
        answer = await other.context.request.put(
            f"{other.shop}/api/tickets/{ticket['id']}", data={"title": ticket["title"], "price": 30}
        )
        assert answer.status == 200
        reserving = asyncio.create_task(buyer.reserves(ticket))
        await asyncio.sleep(0.5)
    finally:
        for name in ("orders-1", "orders-2"):
            await stack.resume(name)
    order = await reserving
    ended = await ends(buyer, order) if order["ticket"]["price"] != 30 else None
    if ended is not None:
        await buyer.open(f"/orders/{order['id']}")
        await buyer.reads("It could not be held for you. You were not charged.")
        await buyer.sees("The seller changed it or took it down at the moment you reserved it.")
    assert await taken(sinks, order) == 0


async def known(visitor: Visitor, ticket: Json) -> bool:
    """Whether the shop shows the ticket."""
    return (await visitor.context.request.get(f"{visitor.shop}/tickets/{ticket['id']}")).status == 200


async def test_a_declined_card_says_the_same_in_my_orders(visit: Visit, sinks: Sinks) -> None:
    buyer, _ = await two(visit)
    order = await buyer.reserve_own()
    await buyer.post("/api/payments", {"orderId": order["id"], "token": DECLINED_CARD}, status=400)
    await buyer.open("/orders")
    await buyer.sees("Card declined")
    await buyer.sees("nothing taken; held until")
    assert await taken(sinks, order) == 0
    assert (await buyer.order(order))["status"] == "created"
    await buyer.follow("Try another card")
    await buyer.reads("This ticket is held for you")
