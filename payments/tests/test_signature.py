"""Only what Stripe signed just now is taken."""

import json

import pytest

from .shop import Shop
from .stripe_events import SECRET, event, send, signature

BODY = json.dumps(event("payment_intent.succeeded", "pi_1")).encode()


def header(shop: Shop, *, late: int = 0, secret: str = SECRET) -> str:
    return signature(BODY, int(shop.kit.clock().timestamp()) - late, secret)


async def kept(shop: Shop) -> int:
    return int(await shop.kit.database["webhooks"].count_documents({}))


@pytest.mark.parametrize("late", [0, 299, -299])
async def test_what_is_signed_now_is_kept_as_it_came(shop: Shop, late: int) -> None:
    answer = await send(shop, BODY, header(shop, late=late))
    assert (answer.status_code, answer.json()) == (200, None)
    stored = await shop.kit.database["webhooks"].find_one({})
    assert (bytes(stored["body"]), stored["_id"]) == (BODY, json.loads(BODY)["id"])


@pytest.mark.parametrize("late", [302, -302, 10**9])
async def test_an_old_event_and_one_from_the_future_are_refused(shop: Shop, late: int) -> None:
    answer = await send(shop, BODY, header(shop, late=late))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:bad-signature")
    assert await kept(shop) == 0


async def test_one_of_two_secrets_is_enough_while_they_are_changed(shop: Shop) -> None:
    old, new = header(shop, secret="whsec_old"), header(shop)
    both = f"{old},v1={new.partition('v1=')[2]},v0=ignored"
    assert (await send(shop, BODY, both)).status_code == 200


async def test_nonsense_is_no_signature(shop: Shop) -> None:
    good = header(shop)
    stamp, signed = good.split(",")
    nonsense = [
        "",
        "t",
        "t=,v1=",
        stamp,
        signed,
        f"{stamp},{stamp},{signed}",
        f"{stamp},v0={signed[3:]}",
        f"t=١٢٣,{signed}",
        f"t=-5,{signed}",
        f"t={'9' * 40},{signed}",
        f"{stamp},v1=é",
        f"{stamp},{signed[:-1]}",
        header(shop, secret="whsec_other"),
        "x" * 20_000,
    ]
    for one in nonsense:
        answer = await shop.api.post("/api/payments/webhook", content=BODY, headers={"Stripe-Signature": one.encode()})
        assert answer.status_code == 400, one
    assert (await shop.api.post("/api/payments/webhook", content=BODY)).status_code == 400
    assert (await send(shop, BODY + b" ", good)).status_code == 400
    assert await kept(shop) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}", b'{"id": 5}', b'{"id": "pi_1"}', b"[" * 100_000])
async def test_a_signature_alone_makes_no_event(shop: Shop, body: bytes) -> None:
    answer = await send(shop, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:bad-event")
    assert await kept(shop) == 0


async def test_more_than_a_mebibyte_is_refused(shop: Shop) -> None:
    assert (await send(shop, b"x" * (1024 * 1024 + 1))).status_code == 413
