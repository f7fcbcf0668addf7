"""What Stripe tells by itself, and what an operator gives back, on the running product."""

import asyncio
import sys

from infra.local.testing import RunningStack

from .conftest import Sinks
from .people import Json, Person, created, eventually


async def command(stack: RunningStack, *words: str) -> tuple[int, str]:
    """An operator's command of payments, with what the service itself is told."""
    told = await stack.environment("payments")
    pipe = asyncio.subprocess.PIPE
    line = (sys.executable, "-m", "payments.commands", *words)
    process = await asyncio.create_subprocess_exec(*line, env=told, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, (out + err).decode()


async def bought(seller: Person, buyer: Person) -> Json:
    order = await buyer.reserve(await seller.sell("Hadestown"))
    created(await buyer.pay(order))
    await buyer.sees(order, "complete")
    return order


async def test_a_webhook_completes_a_purchase_whose_answer_was_lost(
    seller: Person, buyer: Person, sinks: Sinks
) -> None:
    """Nobody would ask Stripe by themselves for a minute, and the order would not last that long."""
    order = await buyer.reserve(await seller.sell())
    lost = {"action": "drop", "when": "after", "path": "/v1/payment_intents/*/confirm", "times": 2}
    assert (await sinks.stripe.post("/stand-in/stripe/faults", json=lost)).status_code == 201
    assert created(await buyer.pay(order))["status"] in {"pending", "authorized"}
    await buyer.sees(order, "complete", seconds=5)
    (intent,) = await sinks.intents_for(order)
    assert (intent["status"], len(intent["charges"])) == ("succeeded", 1)


async def test_an_operator_returns_the_money_once(
    stack: RunningStack, seller: Person, buyer: Person, sinks: Sinks
) -> None:
    order = await bought(seller, buyer)
    assert await command(stack, "refund", order["id"]) == (0, "refund: the money is returned\n")
    await eventually(lambda: buyer.order(order), lambda found: found["refunded"], seconds=5)
    assert (await buyer.order(order))["status"] == "complete"
    status, words = await command(stack, "refund", order["id"])
    assert (status, words.strip()) == (1, "refund: This order is refunded already.")
    (intent,) = await sinks.intents_for(order)
    assert [one["amount"] for one in intent["refunds"]] == [7500]
    mails = await eventually(lambda: sinks.mails_to(buyer), lambda found: len(found) == 2, seconds=5)
    assert mails[0]["subject"].startswith("Refunded")
    assert await command(stack, "undecided") == (0, "undecided: none\n")
