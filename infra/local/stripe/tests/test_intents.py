import asyncio
from typing import Any

import pytest
import stripe

from .conftest import Stand


async def test_authorise_then_capture(stand: Stand) -> None:
    intents = stand.stripe.v1.payment_intents
    intent = await stand.intent()
    assert (intent.status, intent.latest_charge, intent.amount_received) == ("requires_payment_method", None, 0)
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
    intent = await intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1999, 0)
    intent = await intents.capture_async(intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("succeeded", 0, 1999)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.captured, intent.latest_charge.amount_captured) == (True, 1999)
    assert await stand.events() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]


async def test_automatic_capture_is_the_default(stand: Stand) -> None:
    intent = await stand.stripe.v1.payment_intents.create_async(
        {"amount": 500, "currency": "EUR", "payment_method": "pm_card_mastercard"}
    )
    assert (intent.status, intent.capture_method, intent.currency) == (
        "requires_confirmation",
        "automatic_async",
        "eur",
    )
    assert intent.automatic_payment_methods is not None
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_intents.confirm_async(intent.id)
    assert refused.value.param == "return_url"
    intent = await stand.stripe.v1.payment_intents.confirm_async(intent.id, {"return_url": "https://shop.test/back"})
    assert (intent.status, intent.amount_received) == ("succeeded", 500)


async def test_part_of_the_amount_can_be_captured(stand: Stand) -> None:
    intent = await stand.authorized()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 2000})
    assert refused.value.code == "amount_too_large"
    intent = await stand.stripe.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 999})
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 999, 0)
    assert (await stand.stripe.v1.refunds.list_async()).data == []


async def in_status(stand: Stand, status: str) -> str:
    """An intent in the given status."""
    intents = stand.stripe.v1.payment_intents
    if status == "requires_payment_method":
        return (await stand.intent()).id
    if status == "requires_confirmation":
        return (await stand.intent(payment_method="pm_card_visa")).id
    if status == "requires_action":
        return (await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired")).id
    if status == "processing":
        await stand.fault("processing", seconds=600)
        return (await stand.authorized()).id
    intent = await stand.authorized()
    if status == "succeeded":
        await intents.capture_async(intent.id)
    elif status == "canceled":
        await intents.cancel_async(intent.id)
    return intent.id


WAITING = ["requires_payment_method", "requires_confirmation", "requires_action"]


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        ("confirm", WAITING),
        ("capture", ["requires_capture"]),
        ("cancel", [*WAITING, "processing", "requires_capture"]),
        ("update", WAITING),
    ],
)
async def test_each_verb_is_allowed_in_its_statuses_only(stand: Stand, verb: str, allowed: list[str]) -> None:
    params: dict[str, Any] = {"confirm": {"payment_method": "pm_card_visa"}, "update": {"amount": 2500}}.get(verb, {})
    for status in [*WAITING, "processing", "requires_capture", "succeeded", "canceled"]:
        intent_id = await in_status(stand, status)
        call = getattr(stand.stripe.v1.payment_intents, f"{verb}_async")
        if status in allowed:
            assert (await call(intent_id, params)).id == intent_id
            continue
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await call(intent_id, params)
        assert (refused.value.http_status, refused.value.code) == (400, "payment_intent_unexpected_state")
        assert refused.value.error is not None
        assert refused.value.error.payment_intent.id == intent_id
        assert refused.value.error.payment_intent.status == status
        assert (await stand.stripe.v1.payment_intents.retrieve_async(intent_id)).status == status


async def test_a_cancelled_authorisation_is_released_and_not_refunded(stand: Stand) -> None:
    """As since version 2025-03-31.basil: no refund, the charge is not marked refunded."""
    intent = await stand.authorized()
    intent = await stand.stripe.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "abandoned", "expand": ["latest_charge.refunds"]}
    )
    assert (intent.status, intent.cancellation_reason, intent.amount_capturable) == ("canceled", "abandoned", 0)
    assert intent.canceled_at
    assert isinstance(intent.latest_charge, stripe.Charge)
    charge = intent.latest_charge
    assert (charge.captured, charge.refunded, charge.amount_captured, charge.amount_refunded) == (False, False, 0, 0)
    assert charge.refunds is not None
    assert charge.refunds.data == []
    assert (await stand.events())[-1] == "payment_intent.canceled"
    assert "charge.refunded" not in await stand.events()


async def test_confirming_needs_a_payment_method(stand: Stand) -> None:
    intent = await stand.intent()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_intents.confirm_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_a_declined_intent_can_be_confirmed_again(stand: Stand) -> None:
    intent = await stand.intent()
    with pytest.raises(stripe.CardError) as declined:
        await stand.stripe.v1.payment_intents.confirm_async(
            intent.id, {"payment_method": "pm_card_visa_chargeDeclined"}
        )
    assert declined.value.error is not None
    inside = declined.value.error.payment_intent
    assert (inside.status, inside.payment_method) == ("requires_payment_method", None)
    assert inside.last_payment_error.decline_code == "generic_decline"
    stored = await stand.stripe.v1.payment_intents.retrieve_async(intent.id, {"expand": ["latest_charge"]})
    assert isinstance(stored.latest_charge, stripe.Charge)
    assert (stored.latest_charge.status, stored.latest_charge.failure_code) == ("failed", "card_declined")
    with pytest.raises(stripe.InvalidRequestError):
        await stand.stripe.v1.payment_intents.confirm_async(intent.id)
    again = await stand.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("requires_capture", None)
    charges = await stand.stripe.v1.charges.list_async({"payment_intent": intent.id})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]
    assert (await stand.events())[1:3] == ["charge.failed", "payment_intent.payment_failed"]


async def test_a_declined_create_leaves_the_intent_behind(stand: Stand) -> None:
    with pytest.raises(stripe.CardError):
        await stand.intent(confirm=True, payment_method="pm_card_visa_chargeDeclined")
    assert await stand.statuses() == ["requires_payment_method"]


async def test_a_payment_method_pays_once(stand: Stand) -> None:
    method = await stand.stripe.v1.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    await stand.intent(confirm=True, payment_method=method.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.intent(confirm=True, payment_method=method.id)
    assert refused.value.param == "payment_method"


async def test_changing_an_intent(stand: Stand) -> None:
    intents = stand.stripe.v1.payment_intents
    intent = await stand.intent(metadata={"a": "1", "b": "2"})
    intent = await intents.update_async(
        intent.id, {"amount": 700, "metadata": {"b": "", "c": "3"}, "payment_method": "pm_card_visa"}
    )
    assert (intent.amount, intent.metadata.to_dict(), intent.status) == (
        700,
        {"a": "1", "c": "3"},
        "requires_confirmation",
    )
    await intents.confirm_async(intent.id)
    captured = await intents.capture_async(intent.id)
    assert captured.amount_received == 700
    assert (await intents.update_async(intent.id, {"metadata": ""})).metadata.to_dict() == {}


async def test_lists_have_pages_and_bounds(stand: Stand) -> None:
    intents = stand.stripe.v1.payment_intents
    ids = []
    for _ in range(5):
        ids.append((await stand.intent()).id)
        stand.clock.move(seconds=10)
    first = await intents.list_async({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (ids[:2:-1], True)
    rest = await intents.list_async({"limit": 3, "starting_after": ids[3]})
    assert ([one.id for one in rest.data], rest.has_more) == (ids[2::-1], False)
    before = await intents.list_async({"limit": 2, "ending_before": ids[0]})
    assert ([one.id for one in before.data], before.has_more) == ([ids[2], ids[1]], True)
    assert [one.id async for one in first.auto_paging_iter()] == ids[::-1]
    start = (await intents.retrieve_async(ids[0])).created
    middle = await intents.list_async({"created": {"gt": start, "lte": start + 20}})
    assert [one.id for one in middle.data] == [ids[2], ids[1]]
    with pytest.raises(stripe.InvalidRequestError):
        await intents.list_async({"limit": 101})


async def test_expanding(stand: Stand) -> None:
    paid = await stand.paid()
    full = await stand.stripe.v1.payment_intents.retrieve_async(
        paid.id, {"expand": ["payment_method", "latest_charge.payment_intent"]}
    )
    assert isinstance(full.payment_method, stripe.PaymentMethod)
    assert isinstance(full.latest_charge, stripe.Charge)
    assert isinstance(full.latest_charge.payment_intent, stripe.PaymentIntent)
    listed = await stand.stripe.v1.payment_intents.list_async({"expand": ["data.latest_charge"]})
    assert isinstance(listed.data[0].latest_charge, stripe.Charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_intents.retrieve_async(paid.id, {"expand": ["nonsense"]})
    assert refused.value.param == "expand"


async def test_of_many_captures_one_succeeds(stand: Stand) -> None:
    intent = await stand.authorized()
    captures = (stand.stripe.v1.payment_intents.capture_async(intent.id) for _ in range(8))
    results = await asyncio.gather(*captures, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["InvalidRequestError"] * 7 + ["PaymentIntent"]
    assert (await stand.events()).count("payment_intent.succeeded") == 1


async def test_capture_and_cancel_exclude_each_other(stand: Stand) -> None:
    for _ in range(5):
        intent = await stand.authorized()
        intents = stand.stripe.v1.payment_intents
        results = await asyncio.gather(
            intents.capture_async(intent.id), intents.cancel_async(intent.id), return_exceptions=True
        )
        assert sum(isinstance(result, stripe.InvalidRequestError) for result in results) == 1


async def test_who_waits_too_long_for_the_object_is_told(stand: Stand) -> None:
    intent = await stand.intent()
    await stand.fault("slow", seconds=0.5)
    slow = asyncio.create_task(
        stand.stripe.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    )
    await asyncio.sleep(0.05)
    assert (await stand.stripe.v1.payment_intents.retrieve_async(intent.id)).status == "requires_payment_method"
    with pytest.raises(stripe.RateLimitError) as refused:
        await stand.stripe.v1.payment_intents.cancel_async(intent.id)
    assert refused.value.json_body["error"]["code"] == "lock_timeout"  # type: ignore[index]
    assert refused.value.headers["stripe-should-retry"] == "true"  # type: ignore[index]
    assert (await slow).status == "requires_capture"
