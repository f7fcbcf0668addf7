"""Many at once for what there is once. The unit tests show that without the unique index both would win."""

import asyncio

from .conftest import Newcomer, Sinks
from .people import CARD, Person, eventually, refused

ROUNDS = 50
AT_ONCE = 5


async def test_of_two_buyers_exactly_one_wins(seller: Person, buyer: Person, newcomer: Newcomer) -> None:
    other = await newcomer()
    turns = asyncio.Semaphore(AT_ONCE)
    winners = []

    async def race() -> None:
        async with turns:
            ticket = await seller.sell("Wanted by two")
            answers = await asyncio.gather(buyer.try_to_reserve(ticket), other.try_to_reserve(ticket))
            won, lost = sorted(answers, key=lambda answer: answer.status_code)
            assert (won.status_code, refused(lost, 400)) == (201, "already-reserved")
            winners.append(answers.index(won))
            await seller.sees_held(ticket, won.json(), seconds=5)

    await asyncio.gather(*(race() for _ in range(ROUNDS)))
    assert len(winners) == ROUNDS


async def test_of_eight_payments_of_one_order_one_is_taken(seller: Person, buyer: Person, sinks: Sinks) -> None:
    order = await buyer.reserve(await seller.sell())
    answers = await asyncio.gather(*(buyer.pay(order, CARD) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *([400] * 7)]
    await buyer.sees(order, "complete")
    intents = await sinks.intents_for(order)
    assert [intent["amount_received"] for intent in intents if intent["status"] == "succeeded"] == [7500]


async def test_paying_and_letting_go_at_once_ends_one_way(seller: Person, buyer: Person, sinks: Sinks) -> None:
    """Whichever wins, either it is theirs and paid, or it is free and no money is held."""

    async def ending() -> tuple[str, bool, set[str]]:
        holder, intents = (await seller.ticket(ticket))["orderId"], await sinks.intents_for(order)
        return (await buyer.order(order))["status"], holder is None, {intent["status"] for intent in intents}

    good = {("complete", False, "succeeded"), ("cancelled", True, "canceled"), ("cancelled", True, "")}
    for _ in range(5):
        ticket = await seller.sell()
        order = await buyer.reserve(ticket)
        await asyncio.gather(buyer.pay(order, CARD), buyer.api.delete(f"/api/orders/{order['id']}"))
        await eventually(ending, lambda found: (*found[:2], "".join(found[2])) in good, seconds=10)


async def test_paying_what_was_just_let_go_holds_no_money(seller: Person, buyer: Person, sinks: Sinks) -> None:
    order = await buyer.reserve(await seller.sell())
    await buyer.cancel(order)
    await buyer.pay(order, CARD)  # refused, if payments has heard of it

    async def statuses() -> set[str]:
        return {intent["status"] for intent in await sinks.intents_for(order)}

    await eventually(statuses, lambda found: found <= {"canceled"}, seconds=10)
    assert (await buyer.order(order))["status"] == "cancelled"
