"""The public side over HTTP: what a gateway forwards."""

from typing import Any

import pytest

from infra.local.stripe.cards import ALL

from .conftest import Stand

CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "34",
    "card[cvc]": "123",
}
FORWARDED = {"X-Forwarded-For": "1.2.3.4"}


async def browser(stand: Stand, path: str, data: dict[str, Any], key: str = "pk_test_local") -> Any:
    headers = {**FORWARDED, "Authorization": f"Bearer {key}"}
    return await stand.http.post(f"/stand-in/stripe{path}", data=data, headers=headers)


async def test_a_browser_makes_a_method_and_confirms(stand: Stand) -> None:
    intent = await stand.intent(metadata={"orderId": "secret"})
    method = (await browser(stand, "/v1/payment_methods", CARD)).json()
    assert method["card"]["last4"] == "4242"
    answer = await browser(
        stand,
        f"/v1/payment_intents/{intent.id}/confirm",
        {"client_secret": intent.client_secret, "payment_method": method["id"]},
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "requires_capture")
    assert not {"metadata", "latest_charge", "amount_capturable"} & set(answer.json())


async def test_a_browser_sees_a_decline_without_what_is_not_its_business(stand: Stand) -> None:
    intent = await stand.intent(metadata={"orderId": "secret"})
    answer = await browser(
        stand,
        f"/v1/payment_intents/{intent.id}/confirm",
        {"client_secret": intent.client_secret, "payment_method": "pm_card_visa_chargeDeclined"},
    )
    assert answer.status_code == 402
    assert answer.json()["error"]["payment_intent"]["status"] == "requires_payment_method"
    assert "secret" not in answer.text.replace("client_secret", "").replace("_secret_", "")


@pytest.mark.parametrize("secret", ["", "pi_x_secret_y"])
async def test_the_client_secret_is_needed(stand: Stand, secret: str) -> None:
    intent = await stand.intent()
    path = f"/v1/payment_intents/{intent.id}"
    assert (await stand.get(path, "pk_test_x", client_secret=secret)).status_code == 404
    assert (await browser(stand, f"{path}/confirm", {"client_secret": secret, **CARD})).status_code == 404
    seen = await stand.get(path, "pk_test_x", client_secret=str(intent.client_secret))
    assert seen.json()["id"] == intent.id


async def test_what_a_publishable_key_may_not_do(stand: Stand) -> None:
    intent = await stand.intent()
    for path in ("", f"/{intent.id}", f"/{intent.id}/capture", f"/{intent.id}/cancel"):
        answer = await stand.post(f"/v1/payment_intents{path}", {}, auth="pk_test_x")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "secret_key_required")
    assert (await stand.get("/v1/events", "pk_test_x")).status_code == 401


async def test_secret_keys_do_not_work_from_outside(stand: Stand) -> None:
    intent = await stand.intent()
    assert (await browser(stand, "/v1/payment_methods", CARD, key="sk_test_x")).status_code == 401
    for path in ("/v1/payment_intents", "/v1/refunds", f"/v1/payment_intents/{intent.id}/capture"):
        assert (await browser(stand, path, {}, key="sk_test_x")).status_code == 404


async def test_manual_confirmation_is_the_servers(stand: Stand) -> None:
    intent = await stand.intent(confirmation_method="manual")
    answer = await browser(stand, f"/v1/payment_intents/{intent.id}/confirm", {"client_secret": intent.client_secret})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "secret_key_required")


async def test_the_page_lists_every_card(stand: Stand) -> None:
    page = (await stand.http.get("/stand-in/stripe/", headers=FORWARDED)).text
    assert all(" ".join(card.number[at : at + 4] for at in range(0, len(card.number), 4)) in page for card in ALL)
    assert "This is not Stripe" in page


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/v3/", "text/javascript"),
        ("/v3", "text/javascript"),
        ("/static/stand-in.css", "text/css"),
        ("/static/bank.js", "text/javascript"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/", "text/html"),
    ],
)
async def test_what_is_served(stand: Stand, path: str, content_type: str) -> None:
    answer = await stand.http.get(f"/stand-in/stripe{path}", headers=FORWARDED)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(content_type)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "style=" not in answer.text


async def test_nothing_else_is_served(stand: Stand) -> None:
    for name in ("index.html", "..%2Fapp.py", "v3%2Fapi.js"):
        assert (await stand.http.get(f"/stand-in/stripe/static/{name}")).status_code == 404
