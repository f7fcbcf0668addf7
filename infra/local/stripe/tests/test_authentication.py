from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from .conftest import Stand

# name, status on session, status off session, decline code once the bank has been answered
ASKED = [
    ("authenticationRequiredOnSetup", "requires_action", None),
    ("authenticationRequired", "requires_action", None),
    ("authenticationRequiredSetupForOffSession", "requires_capture", None),
    ("authenticationRequiredChargeDeclinedInsufficientFunds", "requires_action", "insufficient_funds"),
    ("threeDSecure2Required", "requires_action", None),
    ("threeDSecureRequired", "requires_action", None),
    ("threeDSecureRequiredChargeDeclined", "requires_action", "generic_decline"),
]


def page_of(intent: stripe.PaymentIntent) -> str:
    assert intent.next_action is not None
    return str(intent.next_action["use_stripe_sdk"]["stripe_js"])


async def answer(stand: Stand, page: str, outcome: str) -> Any:
    return await stand.http.post(page, data={"outcome": outcome})


@pytest.mark.parametrize(("name", "decline_code"), [(name, code) for name, _, code in ASKED])
async def test_each_card_asks_and_then_decides(stand: Stand, name: str, decline_code: str | None) -> None:
    intent = await stand.intent(confirm=True, payment_method=f"pm_card_{name}")
    assert intent.status == "requires_action"
    assert (await stand.events())[-1] == "payment_intent.requires_action"
    assert intent.latest_charge is None
    assert "Complete" in (await stand.http.get(page_of(intent))).text
    await answer(stand, page_of(intent), "complete")
    after = await stand.stripe.v1.payment_intents.retrieve_async(intent.id)
    if decline_code is None:
        assert (after.status, after.next_action) == ("requires_capture", None)
    else:
        assert after.status == "requires_payment_method"
        assert after.last_payment_error is not None
        assert after.last_payment_error.decline_code == decline_code


@pytest.mark.parametrize(("name", "off_session"), [(name, status) for name, status, _ in ASKED])
async def test_nobody_is_there_off_session(stand: Stand, name: str, off_session: str) -> None:
    params = {"confirm": True, "payment_method": f"pm_card_{name}", "off_session": True}
    if off_session == "requires_capture":
        assert (await stand.intent(**params)).status == off_session
        return
    with pytest.raises(stripe.CardError) as declined:
        await stand.intent(**params)
    assert declined.value.code == "authentication_required"
    assert await stand.statuses() == ["requires_payment_method"]


async def test_a_failed_answer_puts_the_intent_back(stand: Stand) -> None:
    intent = await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired")
    page = page_of(intent)
    await answer(stand, page, "fail")
    after = await stand.stripe.v1.payment_intents.retrieve_async(intent.id)
    assert (after.status, after.payment_method, after.next_action) == ("requires_payment_method", None, None)
    assert after.last_payment_error is not None
    assert after.last_payment_error.code == "payment_intent_authentication_failure"
    assert (await stand.events())[-1] == "payment_intent.payment_failed"
    await answer(stand, page, "complete")
    assert (await stand.stripe.v1.payment_intents.retrieve_async(intent.id)).status == "requires_payment_method"


async def test_an_answer_counts_once_and_only_for_its_own_attempt(stand: Stand) -> None:
    intents = stand.stripe.v1.payment_intents
    intent = await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired")
    old = page_of(intent)
    again = await intents.confirm_async(intent.id, {"payment_method": "pm_card_threeDSecure2Required"})
    await answer(stand, old, "complete")
    assert (await intents.retrieve_async(intent.id)).status == "requires_action"
    await answer(stand, page_of(again), "complete")
    await answer(stand, page_of(again), "fail")
    assert (await intents.retrieve_async(intent.id)).status == "requires_capture"
    await intents.cancel_async(intent.id)


async def test_a_cancelled_intent_cannot_be_answered(stand: Stand) -> None:
    intent = await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired")
    await stand.stripe.v1.payment_intents.cancel_async(intent.id)
    assert "answered" in (await stand.http.get(page_of(intent))).text
    await answer(stand, page_of(intent), "complete")
    assert await stand.statuses() == ["canceled"]


async def test_with_a_return_url_the_buyer_is_redirected(stand: Stand) -> None:
    intent = await stand.intent(
        confirm=True,
        payment_method="pm_card_authenticationRequired",
        return_url="https://shop.test/orders/1?tab=pay",
    )
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = urlsplit(str(intent.next_action.redirect_to_url.url))
    assert (url.scheme, url.netloc) == ("https", "shop.test")
    back = await answer(stand, url.path, "complete")
    assert back.status_code == 303
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert query == {
        "tab": ["pay"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "redirect_status": ["succeeded"],
    }


async def test_with_manual_confirmation_the_server_confirms_again(stand: Stand) -> None:
    intents = stand.stripe.v1.payment_intents
    intent = await stand.intent(
        confirm=True, payment_method="pm_card_authenticationRequired", confirmation_method="manual"
    )
    await answer(stand, page_of(intent), "complete")
    assert (await intents.retrieve_async(intent.id)).status == "requires_confirmation"
    assert (await intents.confirm_async(intent.id)).status == "requires_capture"


@pytest.mark.parametrize(("wish", "status"), [("automatic", "requires_capture"), ("any", "requires_action")])
async def test_three_d_secure_on_request(stand: Stand, wish: str, status: str) -> None:
    options = {"card": {"request_three_d_secure": wish}}
    for name, expected in (("threeDSecureOptional", status), ("visa", "requires_capture")):
        intent = await stand.intent(confirm=True, payment_method=f"pm_card_{name}", payment_method_options=options)
        assert intent.status == expected


async def test_error_on_requires_action(stand: Stand) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired", error_on_requires_action=True)
    assert declined.value.code == "authentication_required"


async def test_pages_of_nothing(stand: Stand) -> None:
    assert (await stand.http.get("/stand-in/stripe/3ds/payatt_none")).status_code == 404
    assert (await answer(stand, "/stand-in/stripe/3ds/payatt_none", "complete")).status_code == 404
    intent = await stand.intent(confirm=True, payment_method="pm_card_authenticationRequired")
    assert (await answer(stand, page_of(intent), "perhaps")).status_code == 400
    assert await stand.statuses() == ["requires_action"]
