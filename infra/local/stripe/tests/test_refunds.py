import asyncio

import pytest
import stripe

from .conftest import Stand


async def test_all_of_it(stand: Stand) -> None:
    intent = await stand.paid()
    refund = await stand.stripe.v1.refunds.create_async(
        {"payment_intent": intent.id, "reason": "duplicate", "metadata": {"why": "test"}, "expand": ["charge"]}
    )
    assert (refund.status, refund.amount, refund.reason, refund.payment_intent) == (
        "succeeded",
        1999,
        "duplicate",
        intent.id,
    )
    assert isinstance(refund.charge, stripe.Charge)
    assert (refund.charge.refunded, refund.charge.amount_refunded) == (True, 1999)
    assert (await stand.events())[-2:] == ["refund.created", "charge.refunded"]
    assert (await stand.stripe.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.refunds.create_async({"charge": refund.charge.id})
    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")


async def test_never_more_than_was_captured(stand: Stand) -> None:
    intent = await stand.authorized()
    await stand.stripe.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 1000})
    refunds = stand.stripe.v1.refunds
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await refunds.create_async({"payment_intent": intent.id, "amount": 1001})
    assert refused.value.param == "amount"
    first = await refunds.create_async({"payment_intent": intent.id, "amount": 300})
    with pytest.raises(stripe.InvalidRequestError):
        await refunds.create_async({"payment_intent": intent.id, "amount": 701})
    second = await refunds.create_async({"payment_intent": intent.id})
    assert (first.amount, second.amount) == (300, 700)
    assert [one.id for one in (await refunds.list_async({"payment_intent": intent.id})).data] == [second.id, first.id]


async def test_many_at_once_take_no_more_than_there_is(stand: Stand) -> None:
    intent = await stand.paid()
    calls = (stand.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": 800}) for _ in range(5))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, stripe.Refund) for result in results) == 2


@pytest.mark.parametrize("params", [{}, {"payment_intent": "pi_none"}, {"charge": "ch_none"}])
async def test_of_nothing(stand: Stand, params: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await stand.stripe.v1.refunds.create_async(params)  # type: ignore[arg-type]


async def test_what_is_not_captured_cannot_be_refunded(stand: Stand) -> None:
    intent = await stand.authorized()
    for params in ({"payment_intent": intent.id}, {"charge": str(intent.latest_charge)}):
        with pytest.raises(stripe.InvalidRequestError):
            await stand.stripe.v1.refunds.create_async(params)  # type: ignore[arg-type]
    assert await stand.statuses() == ["requires_capture"]


@pytest.mark.parametrize(
    ("card", "first", "last", "left"),
    [("pm_card_pendingRefund", "pending", "succeeded", 1999), ("pm_card_refundFail", "succeeded", "failed", 0)],
)
async def test_refunds_that_are_settled_late(stand: Stand, card: str, first: str, last: str, left: int) -> None:
    intent = await stand.paid(card)
    refund = await stand.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == first
    async with asyncio.timeout(2):
        while refund.status != last:
            await asyncio.sleep(0.01)
            refund = await stand.stripe.v1.refunds.retrieve_async(refund.id, {"expand": ["charge"]})
    assert isinstance(refund.charge, stripe.Charge)
    assert refund.charge.amount_refunded == left
    events = await stand.events()
    assert "refund.updated" in events
    assert ("refund.failed" in events) == (last == "failed")


async def test_metadata_can_be_changed(stand: Stand) -> None:
    intent = await stand.paid()
    refund = await stand.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    changed = await stand.stripe.v1.refunds.update_async(refund.id, {"metadata": {"a": "b"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "b"}
