import asyncio

import httpx

from .conftest import Stand

BODY = {"amount": "1999", "currency": "usd", "allowed_payment_method_types[]": "card"}


def replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


async def test_the_same_key_replays_the_first_answer(stand: Stand) -> None:
    first = await stand.post("/v1/payment_intents", BODY, "k")
    second = await stand.post("/v1/payment_intents", BODY, "k")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert (replayed(first), replayed(second)) == (False, True)
    assert second.headers["original-request"] == first.headers["request-id"]
    assert second.headers["request-id"] != first.headers["request-id"]
    assert len(await stand.statuses()) == 1


async def test_a_replay_tells_the_past(stand: Stand) -> None:
    intent = await stand.authorized()
    path = f"/v1/payment_intents/{intent.id}/capture"
    captured = await stand.post(path, {}, "capture")
    await stand.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    again = await stand.post(path, {}, "capture")
    assert again.text == captured.text
    assert (await stand.post(path, {}, "another")).json()["error"]["code"] == "payment_intent_unexpected_state"


async def test_another_body_or_endpoint_is_refused(stand: Stand) -> None:
    await stand.post("/v1/payment_intents", BODY, "k")
    for path, body in (("/v1/payment_intents", {**BODY, "amount": "2000"}), ("/v1/refunds", BODY)):
        answer = await stand.post(path, body, "k")
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    assert len(await stand.statuses()) == 1


async def test_a_decline_is_replayed(stand: Stand) -> None:
    body = {**BODY, "confirm": "true", "payment_method": "pm_card_visa_chargeDeclined"}
    first = await stand.post("/v1/payment_intents", body, "k")
    second = await stand.post("/v1/payment_intents", body, "k")
    assert (first.status_code, second.status_code) == (402, 402)
    assert first.text == second.text
    assert replayed(second)
    assert len(await stand.statuses()) == 1


async def test_a_wrong_parameter_uses_up_no_key(stand: Stand) -> None:
    wrong = await stand.post("/v1/payment_intents", {**BODY, "amount": "x"}, "k")
    assert wrong.status_code == 400
    right = await stand.post("/v1/payment_intents", BODY, "k")
    assert (right.status_code, replayed(right)) == (200, False)


async def test_a_500_is_replayed_whether_or_not_it_came_before_the_deed(stand: Stand) -> None:
    for when, made in (("before", 0), ("after", 1)):
        await stand.http.delete("/stand-in/stripe/state")
        await stand.fault("error", when=when, path="/v1/payment_intents")
        first = await stand.post("/v1/payment_intents", BODY, "k")
        second = await stand.post("/v1/payment_intents", BODY, "k")
        assert (first.status_code, second.status_code, replayed(second)) == (500, 500, True)
        assert first.json()["error"]["type"] == "api_error"
        assert second.headers["stripe-should-retry"] == "false"
        assert len(await stand.statuses()) == made
        assert (await stand.post("/v1/payment_intents", BODY, "new")).status_code == 200


async def test_a_key_in_use_is_refused(stand: Stand) -> None:
    await stand.fault("hang", when="before", seconds=0.3)
    slow = asyncio.create_task(stand.post("/v1/payment_intents", BODY, "k"))
    await asyncio.sleep(0.05)
    busy = await stand.post("/v1/payment_intents", BODY, "k")
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert (await slow).status_code == 200
    assert replayed(await stand.post("/v1/payment_intents", BODY, "k"))


async def test_keys_are_kept_for_a_day(stand: Stand) -> None:
    await stand.post("/v1/payment_intents", BODY, "k")
    stand.clock.move(hours=23, minutes=59)
    assert replayed(await stand.post("/v1/payment_intents", BODY, "k"))
    stand.clock.move(minutes=2)
    assert not replayed(await stand.post("/v1/payment_intents", {**BODY, "amount": "500"}, "k"))
    assert len(await stand.statuses()) == 2


async def test_keys_are_for_posts_only_and_not_endless(stand: Stand) -> None:
    headers = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "k"}
    for _ in range(2):
        assert not replayed(await stand.http.get("/v1/payment_intents", headers=headers))
    assert (await stand.post("/v1/payment_intents", BODY, "k" * 256)).status_code == 400
