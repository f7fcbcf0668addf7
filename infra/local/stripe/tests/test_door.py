import base64
from typing import Any

import pytest
import stripe

from infra.local.stripe.errors import InvalidRequest
from infra.local.stripe.forms import decode

from .conftest import INTENT, Stand


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("header", ["Bearer sk_test_anything", basic("sk_test_anything:")])
async def test_any_secret_test_key_is_taken(stand: Stand, header: str) -> None:
    answer = await stand.http.get("/v1/payment_intents", headers={"Authorization": header})
    assert answer.status_code == 200
    assert answer.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sk_live_x",
        "Bearer pk_test_x",
        "Basic !!",
        basic("sk_live_x:"),
        "sk_test_x",
    ],
)
async def test_other_keys_are_refused(stand: Stand, header: str | None) -> None:
    answer = await stand.http.get("/v1/payment_intents", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.headers["request-id"].startswith("req_")


async def test_the_official_client_understands_refusals(stand: Stand) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        await stand.stripe.v1.payment_intents.retrieve_async("pi_none")
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (404, "resource_missing", "intent")


@pytest.mark.parametrize(
    ("encoded", "tree"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b]=c&a[d][e]=f", {"a": {"b": "c", "d": {"e": "f"}}}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[10]=k&a[9]=j", {"a": ["j", "k"]}),
        ("a[]=x&a[]=y", {"a": ["x", "y"]}),
        ("a[0][b]=x", {"a": [{"b": "x"}]}),
        ("a%5Bb%5D=c%20d+e", {"a": {"b": "c d e"}}),
    ],
)
def test_forms_are_nested(encoded: str, tree: dict[str, Any]) -> None:
    assert decode(encoded.encode()) == tree


@pytest.mark.parametrize("encoded", [b"a=1&a[b]=2", b"a" + b"[x]" * 9 + b"=1", b"a=%FF\xff"])
def test_forms_that_make_no_sense_are_refused(encoded: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode(encoded)


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"currency": "xxx"}, None, "currency"),
        ({"amount": "19.99"}, "parameter_invalid_integer", "amount"),
        ({"amount": "-5"}, "parameter_invalid_integer", "amount"),
        ({"amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"amount": "49"}, "amount_too_small", "amount"),
        ({"amount": "100000000"}, "amount_too_large", "amount"),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"confirm": "perhaps"}, None, "confirm"),
        ({"customer": "cus_1"}, "parameter_unknown", "customer"),
        ({"nonsense": "1"}, "parameter_unknown", "nonsense"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"payment_method": "tok_visa"}, "resource_missing", "payment_method"),
        ({"return_url": "https://shop.test/"}, None, "return_url"),
        ({"off_session": "true"}, None, "off_session"),
        ({"metadata[k]": "v" * 501}, None, "metadata[k]"),
        ({"automatic_payment_methods[enabled]": "true"}, None, "allowed_payment_method_types"),
        ({"payment_method_types[0]": "card"}, "payment_method_types_no_longer_supported", "payment_method_types"),
        ({"payment_method_data[type]": "sepa_debit"}, None, "payment_method_data[type]"),
    ],
)
async def test_wrong_parameters_are_named(
    stand: Stand, change: dict[str, str | None], code: str | None, param: str
) -> None:
    data = {"amount": "1999", "currency": "usd", "allowed_payment_method_types[0]": "card", **change}
    answer = await stand.post("/v1/payment_intents", {name: value for name, value in data.items() if value is not None})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error.get("code"), error["param"]) == ("invalid_request_error", code, param)
    assert await stand.statuses() == []


@pytest.mark.parametrize("amount", [50, 99_999_999])
async def test_the_amounts_at_the_edge_are_taken(stand: Stand, amount: int) -> None:
    assert (await stand.intent(amount=amount)).amount == amount


async def test_an_unknown_address_gets_an_error_object(stand: Stand) -> None:
    for method, path in (("GET", "/v1/customers"), ("DELETE", "/v1/payment_intents"), ("POST", "/v2/x")):
        answer = await stand.http.request(method, path, headers={"Authorization": "Bearer sk_test_x"})
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_large_body_is_refused(stand: Stand) -> None:
    answer = await stand.post("/v1/payment_intents", {"description": "x" * 1_100_000})
    assert answer.status_code == 400


async def test_livez(stand: Stand) -> None:
    assert (await stand.http.get("/livez")).json() == {"status": "ok"}


async def test_intents_carry_only_what_stripe_has(stand: Stand) -> None:
    """The members that the official package declares, and nothing private."""
    intent = await stand.intent(**INTENT, metadata={"orderId": "o1"})
    known = set(stripe.PaymentIntent.__annotations__)
    assert set(intent.to_dict()) <= known
    assert intent.metadata.to_dict() == {"orderId": "o1"}
    charge = await stand.stripe.v1.charges.retrieve_async(str((await stand.paid()).latest_charge))
    assert set(charge.to_dict()) <= set(stripe.Charge.__annotations__)
