from typing import Any

import pytest
import stripe

from infra.local.stripe.cards import ALL, BY_NAME, passes_luhn

from .conftest import Stand

VALID = {"exp_month": 12, "exp_year": 2034, "cvc": "123"}
# number, name, error code, decline code: from the tables of docs.stripe.com/testing
DECLINED = [
    ("4000000000000002", "visa_chargeDeclined", "card_declined", "generic_decline"),
    ("4000000000009995", "visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("4000000000009987", "visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("4000000000009979", "visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("4000000000000069", "chargeDeclinedExpiredCard", "expired_card", None),
    ("4000000000000127", "chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
    ("4000000000000119", "chargeDeclinedProcessingError", "processing_error", None),
    ("4000000000006975", "visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
    ("4000000000000341", "chargeCustomerFail", "card_declined", "generic_decline"),
    ("4100000000000019", "radarBlock", "card_declined", "fraudulent"),
]
BRANDS = [
    ("4242424242424242", "visa", "visa"),
    ("4000056655665556", "visa_debit", "visa"),
    ("5555555555554444", "mastercard", "mastercard"),
    ("378282246310005", "amex", "amex"),
    ("6011111111111117", "discover", "discover"),
    ("3056930009020004", "diners", "diners"),
    ("3566002020360505", "jcb", "jcb"),
    ("6200000000000005", "unionpay", "unionpay"),
]


async def typed(stand: Stand, number: str, **card: Any) -> stripe.PaymentMethod:
    details = {"number": number, **VALID, **card}
    return await stand.stripe.v1.payment_methods.create_async({"type": "card", "card": details})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(("number", "name", "brand"), BRANDS)
async def test_each_brand_pays(stand: Stand, number: str, name: str, brand: str) -> None:
    method = await typed(stand, number, cvc="1234" if brand == "amex" else "123")
    assert method.card is not None
    assert (method.card.brand, method.card.last4) == (brand, number[-4:])
    for payment_method in (method.id, f"pm_card_{name}"):
        intent = await stand.intent(confirm=True, payment_method=payment_method)
        assert intent.status == "requires_capture"


@pytest.mark.parametrize(("number", "name", "code", "decline_code"), DECLINED)
async def test_each_refused_card_is_refused_as_documented(
    stand: Stand, number: str, name: str, code: str, decline_code: str | None
) -> None:
    method = await typed(stand, number)
    ways: list[dict[str, Any]] = [
        {"payment_method": method.id},
        {"payment_method": f"pm_card_{name}"},
        {"payment_method_data": {"type": "card", "card": {"token": f"tok_{name}"}}},
    ]
    for way in ways:
        with pytest.raises(stripe.CardError) as declined:
            await stand.intent(confirm=True, **way)
        error = declined.value.error
        assert error is not None
        assert (declined.value.http_status, declined.value.code, error.to_dict().get("decline_code")) == (
            402,
            code,
            decline_code,
        )
        assert error.payment_intent.status == "requires_payment_method"
        assert error.payment_intent.last_payment_error.code == code


@pytest.mark.parametrize(
    ("card", "code", "param"),
    [
        ({"number": "4242424242424241"}, "incorrect_number", "number"),
        ({"number": "4242"}, "invalid_number", "number"),
        ({"number": "visa"}, "invalid_number", "number"),
        ({"exp_month": "13"}, "invalid_expiry_month", "exp_month"),
        ({"exp_month": "0"}, "invalid_expiry_month", "exp_month"),
        ({"exp_year": "1995"}, "invalid_expiry_year", "exp_year"),
        ({"exp_year": "95"}, "invalid_expiry_year", "exp_year"),
        ({"exp_year": "2026", "exp_month": "10"}, "invalid_expiry_month", "exp_month"),
        ({"cvc": "99"}, "invalid_cvc", "cvc"),
        ({"cvc": "12345"}, "invalid_cvc", "cvc"),
    ],
)
async def test_a_mistyped_card_is_refused_at_once(stand: Stand, card: dict[str, str], code: str, param: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        await typed(stand, card.pop("number", "4242424242424242"), **card)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (402, code, param)


async def test_the_month_itself_still_counts(stand: Stand) -> None:
    assert (await typed(stand, "4242 4242 4242 4242", exp_month="11", exp_year="26")).card is not None


async def test_a_real_card_is_refused_and_its_number_not_kept(stand: Stand) -> None:
    method = await typed(stand, "4539578763621486")
    assert "4539578763621486" not in str(method)
    with pytest.raises(stripe.CardError) as declined:
        await stand.intent(confirm=True, payment_method=method.id)
    assert declined.value.error is not None
    assert declined.value.error.decline_code == "test_mode_live_card"


async def test_the_security_code_is_checked_only_if_given(stand: Stand) -> None:
    details = {"number": "4000000000000127", "exp_month": 12, "exp_year": 2034}
    method = await stand.stripe.v1.payment_methods.create_async({"type": "card", "card": details})  # type: ignore[typeddict-item]
    assert (await stand.intent(confirm=True, payment_method=method.id)).status == "requires_capture"


async def test_a_token_makes_a_method_of_its_own_each_time(stand: Stand) -> None:
    data = {"type": "card", "card": {"token": "tok_visa"}}
    ids = {(await stand.stripe.v1.payment_methods.create_async(data)).id for _ in range(2)}  # type: ignore[arg-type]
    ids.add((await stand.stripe.v1.payment_methods.retrieve_async("pm_card_visa")).id)
    assert len(ids) == 3
    for one in ids:
        assert (await stand.stripe.v1.payment_methods.retrieve_async(one)).id == one
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stand.stripe.v1.payment_methods.create_async({"type": "card", "card": {"token": "tok_nonsense"}})
    assert (refused.value.code, refused.value.param) == ("resource_missing", "card[token]")


def test_the_table_itself() -> None:
    assert all(passes_luhn(card.number) for card in ALL)
    assert len({card.number for card in ALL}) == len(ALL)
    assert len(BY_NAME) == sum(len(card.names) for card in ALL)
