import asyncio
from typing import Any

import httpx
import pytest
import stripe

from .conftest import Stand, stripe_client

FAULTS = "/stand-in/stripe/faults"


async def test_a_fault_hits_what_it_names_as_often_as_it_says(stand: Stand) -> None:
    await stand.fault("error", path="/v1/payment_intents/*/capture", method="POST", times=2, status=503)
    intent = await stand.authorized()
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            await stand.stripe.v1.payment_intents.capture_async(intent.id)
        assert broken.value.http_status == 503
        assert (await stand.stripe.v1.payment_intents.retrieve_async(intent.id)).status == "requires_capture"
    assert (await stand.stripe.v1.payment_intents.capture_async(intent.id)).status == "succeeded"


async def test_the_official_client_does_not_retry_a_500_that_would_be_replayed(stand: Stand) -> None:
    await stand.fault("error", when="after", path="/v1/payment_intents")
    client = stripe_client(stand.http, retries=2)
    with pytest.raises(stripe.APIError):
        await client.v1.payment_intents.create_async({"amount": 500, "currency": "usd"})
    assert len(await stand.statuses()) == 1


async def test_a_hang_after_the_deed_keeps_what_was_done(stand: Stand) -> None:
    await stand.fault("hang", when="after", seconds=0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stand.post("/v1/payment_intents", {"amount": "500", "currency": "usd"}, "k"), 0.1)
    again = await stand.post("/v1/payment_intents", {"amount": "500", "currency": "usd"}, "k")
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await stand.statuses()) == 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_a_dropped_connection(stand: Stand, when: str, made: int) -> None:
    await stand.fault("drop", when=when)
    with pytest.raises(ConnectionResetError):
        await stand.post("/v1/payment_intents", {"amount": "500", "currency": "usd"})
    assert len(await stand.statuses()) == made


async def test_a_capture_that_the_bank_refuses(stand: Stand) -> None:
    intent = await stand.authorized()
    await stand.fault("decline", path="*/capture", decline="insufficient_funds")
    with pytest.raises(stripe.CardError) as declined:
        await stand.stripe.v1.payment_intents.capture_async(intent.id)
    assert declined.value.error is not None
    assert declined.value.error.decline_code == "insufficient_funds"
    assert declined.value.error.payment_intent.status == "requires_capture"
    assert (await stand.stripe.v1.payment_intents.capture_async(intent.id)).status == "succeeded"


async def test_an_authorisation_that_has_lapsed(stand: Stand) -> None:
    intent = await stand.authorized()
    await stand.fault("expire", path="*/capture")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_intents.capture_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    after = await stand.stripe.v1.payment_intents.retrieve_async(intent.id)
    assert (after.status, after.cancellation_reason) == ("canceled", "expired")
    assert (await stand.events())[-2:] == ["charge.expired", "payment_intent.canceled"]


async def test_a_card_that_is_declined_on_demand(stand: Stand) -> None:
    await stand.fault("decline", path="*/confirm", decline="expired_card")
    intent = await stand.intent(payment_method="pm_card_visa")
    with pytest.raises(stripe.CardError) as declined:
        await stand.stripe.v1.payment_intents.confirm_async(intent.id)
    assert declined.value.code == "expired_card"
    assert await stand.statuses() == ["requires_payment_method"]


async def test_processing_ends_by_itself(stand: Stand) -> None:
    await stand.fault("processing", seconds=0)
    intent = await stand.authorized()
    assert intent.status == "processing"
    async with asyncio.timeout(2):
        while await stand.statuses() != ["requires_capture"]:
            await asyncio.sleep(0.01)
    assert "payment_intent.processing" in await stand.events()


@pytest.mark.parametrize(
    "order",
    [
        {},
        [],
        {"action": "explode"},
        {"action": "error", "status": 200},
        {"action": "error", "times": 0},
        {"action": "error", "times": True},
        {"action": "hang", "seconds": 601},
        {"action": "hang", "when": "never"},
        {"action": "decline", "decline": "mood"},
        {"action": "error", "nonsense": 1},
    ],
)
async def test_orders_that_make_no_sense(stand: Stand, order: Any) -> None:
    answer = await stand.http.post(FAULTS, json=order)
    assert answer.status_code == 400
    assert (await stand.http.get(FAULTS)).json() == {"faults": []}


async def test_orders_are_sent_as_json(stand: Stand) -> None:
    for content_type, status in (("text/plain", 415), ("application/json", 400)):
        answer = await stand.http.post(FAULTS, content="{", headers={"Content-Type": content_type})
        assert answer.status_code == status


async def test_faults_can_be_listed_and_forgotten(stand: Stand) -> None:
    await stand.fault("error", times=3)
    await stand.get("/v1/payment_intents")
    listed = (await stand.http.get(FAULTS)).json()["faults"]
    assert [(one["action"], one["times"]) for one in listed] == [("error", 2)]
    assert (await stand.http.delete(FAULTS)).status_code == 204
    assert (await stand.get("/v1/payment_intents")).status_code == 200


async def test_there_is_an_end_to_the_faults(stand: Stand) -> None:
    for _ in range(100):
        await stand.fault("error")
    assert (await stand.http.post(FAULTS, json={"action": "error"})).status_code == 400


async def test_everything_can_be_forgotten(stand: Stand) -> None:
    await stand.paid()
    await stand.fault("error")
    assert (await stand.http.delete("/stand-in/stripe/state")).status_code == 204
    assert (await stand.statuses(), await stand.events()) == ([], [])


async def test_audits_see_charges_and_refunds(stand: Stand) -> None:
    intent = await stand.paid()
    await stand.stripe.v1.refunds.create_async({"payment_intent": intent.id, "amount": 5})
    [found] = (await stand.http.get("/stand-in/stripe/intents")).json()["intents"]
    assert (len(found["charges"]), found["refunds"][0]["amount"]) == (1, 5)
    assert not [name for name in found if name.startswith("_")]


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"]
)
async def test_nobody_comes_to_the_levers_through_a_gateway(stand: Stand, header: str) -> None:
    await stand.paid()
    calls = [
        ("GET", "/faults"), ("POST", "/faults"), ("DELETE", "/faults"), ("DELETE", "/state"), ("GET", "/intents"),
    ]  # fmt: skip
    for method, path in calls:
        request = stand.http.build_request(
            method, f"/stand-in/stripe{path}", headers={header: "1.2.3.4"}, json={"action": "error"}
        )
        answer: httpx.Response = await stand.http.send(request)
        assert answer.status_code == 404
    assert (await stand.http.get(FAULTS)).json() == {"faults": []}
    assert await stand.statuses() == ["succeeded"]
