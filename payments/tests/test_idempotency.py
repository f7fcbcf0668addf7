"""`Idempotency-Key`: the same key, the same answer; per user, for 24 hours."""

from contextlib import suppress

import pytest

from .factories import STRANGER
from .fake_stripe import Crash
from .shop import Shop


async def test_the_same_key_answers_the_present_status(shop: Shop) -> None:
    order = await shop.orders.make()
    first = await shop.pay(order, key="k1")
    again = await shop.pay(order, key="k1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    await shop.rest()
    again = await shop.pay(order, key="k1")
    assert (again.status_code, again.json()["status"]) == (201, "captured")
    assert len(shop.stripe.steps("confirm")) == 1


async def test_another_body_is_refused(shop: Shop) -> None:
    order, other = await shop.orders.make(), await shop.orders.make()
    await shop.pay(order, key="k1")
    for answer in (
        await shop.pay(order, "tok_other", "k1"),
        await shop.pay(other, key="k1"),
        await shop.open(order, "k1"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:key-reused")
    assert shop.stripe.of(other.id) == []


async def test_a_key_is_one_users_own(shop: Shop) -> None:
    order, theirs = await shop.orders.make(), await shop.orders.make(user_id=STRANGER)
    await shop.pay(order, key="k1")
    headers = shop.kit.signed_in(STRANGER) | {"Idempotency-Key": "k1"}
    body = {"orderId": theirs.id, "token": "tok_visa"}
    assert (await shop.api.post("/api/payments", json=body, headers=headers)).status_code == 201


async def test_a_decline_is_replayed_even_after_another_card_was_taken(shop: Shop) -> None:
    order = await shop.orders.make()
    first = await shop.pay(order, "tok_expired_card", "k1")
    assert (await shop.pay(order, key="k2")).status_code == 201
    again = await shop.pay(order, "tok_expired_card", "k1")
    assert (again.status_code, again.json()) == (400, first.json())
    assert (await shop.pay(order, key="k2")).status_code == 201
    assert len(shop.stripe.steps("confirm")) == 2


async def test_a_key_whose_request_runs_is_told_so(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = []

    async def meanwhile() -> None:
        answers.append(await shop.pay(order, key="k1"))
        answers.append(await shop.pay(order, key="k2"))

    shop.stripe.hooks["confirm"] = meanwhile
    assert (await shop.pay(order, key="k1")).status_code == 201
    assert [answer.status_code for answer in answers] == [409, 400]


@pytest.mark.parametrize(("mode", "status"), [("crash after", 201), ("crash before", 400)])
async def test_a_key_whose_process_died_is_settled_by_reading_stripe(shop: Shop, mode: str, status: int) -> None:
    order = await shop.orders.make()
    shop.stripe.fails["confirm"] = [mode]
    with pytest.raises(Crash):
        await shop.pay(order, key="k1")
    assert (await shop.pay(order, key="k1")).status_code == 409
    shop.kit.clock.advance(61)
    settled = await shop.pay(order, key="k1")
    assert settled.status_code == status
    assert (await shop.pay(order, key="k1")).json() == settled.json()
    (intent,) = shop.stripe.of(order.id)
    assert intent.history == (["authorized"] if status == 201 else ["cancelled"])


async def test_a_dead_request_that_a_worker_is_settling_is_not_settled_twice(shop: Shop) -> None:
    order = await shop.orders.make()
    shop.stripe.fails["confirm"] = ["crash after"]
    await shop.try_to_pay(order, "k1")
    shop.kit.clock.advance(61)
    answers = []

    async def meanwhile() -> None:
        answers.append((await shop.pay(order, key="k1")).json()["status"])

    shop.stripe.hooks["read"] = meanwhile
    await shop.worker.run()
    assert (answers, len(shop.stripe.steps("read"))) == (["pending"], 1)


async def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order, key="k1")
    await shop.rest()
    shop.kit.clock.advance(24 * 3600)
    answer = await shop.pay(order, key="k1")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:already-paid")
    later = await shop.orders.make()
    assert (await shop.pay(later, key="k1")).status_code == 201


async def test_the_banks_question_is_answered_again_with_its_secret(shop: Shop) -> None:
    order = await shop.orders.make()
    first = await shop.pay(order, "pm_action", "k1")
    assert (await shop.pay(order, "pm_action", "k1")).json() == first.json()
    shop.stripe.of(order.id)[0].become("authorized")
    assert (await shop.pay(order, "pm_action", "k1")).json()["status"] == "authorized"


async def test_a_page_may_ask_again_with_its_key(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = []

    async def meanwhile() -> None:
        answers.append(await shop.open(order, "k1"))

    shop.stripe.hooks["create"] = meanwhile
    first = await shop.open(order, "k1")
    assert (first.status_code, answers[0].status_code) == (200, 409)
    assert (await shop.open(order, "k1")).json() == first.json()
    assert (await shop.open(order, "k2")).json()["clientSecret"] == first.json()["clientSecret"]
    assert (await shop.pay(order, key="k2")).json()["type"] == "urn:ticketing:problem:key-reused"


async def test_a_page_whose_process_died_gets_the_same_intent(shop: Shop) -> None:
    order = await shop.orders.make()
    shop.stripe.fails["create"] = ["crash after"]
    with suppress(Crash):
        await shop.open(order, "k1")
    shop.kit.clock.advance(61)
    assert (await shop.open(order, "k1")).status_code == 200
    assert len(shop.stripe.of(order.id)) == 1


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "ü".encode()])
async def test_keys_that_are_none(shop: Shop, key: str | bytes) -> None:
    order = await shop.orders.make()
    headers: dict[bytes, bytes] = {
        name.encode(): value.encode() for name, value in shop.kit.signed_in(order.user_id).items()
    }
    headers[b"Idempotency-Key"] = key if isinstance(key, bytes) else key.encode()
    body = {"orderId": order.id, "token": "tok_visa"}
    answer = await shop.api.post("/api/payments", json=body, headers=headers)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


async def test_a_replay_gives_the_secret_that_a_question_needs_or_says_to_come_back(shop: Shop) -> None:
    order = await shop.orders.make()
    first = await shop.pay(order, "pm_action", "k1")
    shop.stripe.fails["read"] = ["lost before"]
    answer = await shop.pay(order, "pm_action", "k1")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:ticketing:problem:stripe-silent")
    again = await shop.pay(order, "pm_action", "k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert "clientSecret" in again.json()
