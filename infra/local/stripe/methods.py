"""Payment methods: made of a typed card, of a token, or of one of the well-known names."""

import hashlib
import re
from datetime import UTC, datetime

from .cards import BY_NAME, BY_NUMBER, Card, brand_of, passes_luhn
from .context import Call
from .errors import CardRefused, InvalidRequest, Json, NoSuchObject
from .forms import Form
from .ids import new_id, token
from .objects import expand, load, public

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


async def create_method(call: Call) -> Json:
    """POST /v1/payment_methods"""
    expanded = call.form.strings("expand")
    method = read_method(call, call.form)
    call.form.finish()
    call.tx.put("payment_method", method)
    return expand(call, public(method), expanded)


async def retrieve_method(call: Call, method_id: str) -> Json:
    """GET /v1/payment_methods/{id}"""
    expanded = call.form.strings("expand")
    call.form.finish()
    known = named_card(method_id, "pm_card_")
    if known is not None:
        method = of_test_card(call, known)
        call.tx.put("payment_method", method)
    else:
        method = load(call, "payment_method", method_id, "payment_method")
    return expand(call, public(method), expanded)


def named_card(name: str, prefix: str) -> Card | None:
    """The test card of a name like pm_card_visa or tok_visa."""
    return BY_NAME.get(name.removeprefix(prefix)) if name.startswith(prefix) else None


def find_method(call: Call, method_id: str) -> Json:
    """The method that a parameter names; a well-known name makes a new one."""
    known = named_card(method_id, "pm_card_")
    if known is not None:
        return of_test_card(call, known)
    method = load(call, "payment_method", method_id, "payment_method", in_body=True)
    if method["_used"]:
        raise InvalidRequest(
            "This PaymentMethod has been used before and belongs to no customer: it can be used once only.",
            param="payment_method",
        )
    return method


def read_method(call: Call, form: Form) -> Json:
    """A method from the parameters of an endpoint, or from `payment_method_data`."""
    if form.required("type") != "card":
        raise InvalidRequest("The stand-in takes cards only.", param=form.name("type"))
    card = form.child("card")
    metadata = form.metadata({})
    billing = _read_billing(form.child("billing_details"))
    form.choice("allow_redisplay", "always", "limited", "unspecified")
    method = _of_token(call, card) if "token" in card else _of_number(call, card)
    return {**method, "billing_details": billing, "metadata": metadata}


def of_test_card(
    call: Call, card: Card, *, month: int | None = None, year: int | None = None, cvc: bool = True
) -> Json:
    """A method of a known test card."""
    present = datetime.fromtimestamp(call.now, UTC)
    return _method(call, card.number, card, month or present.month, year or present.year + 1, cvc=cvc)


def _of_token(call: Call, card: Form) -> Json:
    name = card.required("token")
    known = named_card(name, "tok_")
    if known is None:
        raise NoSuchObject("token", name, card.name("token"), in_body=True)
    return of_test_card(call, known)


def _of_number(call: Call, card: Form) -> Json:
    number = re.sub(r"[ -]", "", card.required("number"))
    month, year, cvc = card.required("exp_month"), card.required("exp_year"), card.string("cvc")
    _check_number(number)
    expires = _check_expiry(call, month, year)
    _check_cvc(cvc, brand_of(number))
    return _method(call, number, BY_NUMBER.get(number), *expires, cvc=cvc is not None)


def _check_number(number: str) -> None:
    if not re.fullmatch(r"\d{12,19}", number):
        raise CardRefused("The card number is not a valid credit card number.", code="invalid_number", param="number")
    if not passes_luhn(number):
        raise CardRefused("Your card number is incorrect.", code="incorrect_number", param="number")


def _check_expiry(call: Call, month: str, year: str) -> tuple[int, int]:
    present = datetime.fromtimestamp(call.now, UTC)
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month):
        raise CardRefused("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    full = int(year) + (2000 if len(year) == 2 else 0) if re.fullmatch(r"\d{2}|\d{4}", year) else 0  # noqa: PLR2004
    if not present.year <= full <= present.year + 50:
        raise CardRefused("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if (full, int(month)) < (present.year, present.month):
        raise CardRefused("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    return int(month), full


def _check_cvc(cvc: str | None, brand: str) -> None:
    pattern = r"\d{3,4}" if brand == "amex" else r"\d{3}"
    if cvc is not None and not re.fullmatch(pattern, cvc):
        raise CardRefused("Your card's security code is invalid.", code="invalid_cvc", param="cvc")


def _read_billing(form: Form) -> Json:
    address = form.child("address")
    return {
        "address": {name: address.string(name) for name in ADDRESS},
        "email": form.string("email"),
        "name": form.string("name"),
        "phone": form.string("phone"),
    }


def _method(call: Call, number: str, card: Card | None, month: int, year: int, *, cvc: bool) -> Json:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": dict.fromkeys(ADDRESS), "email": None, "name": None, "phone": None},
        "card": {
            **_card(number, card),
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "unchecked" if cvc else None,
            },
            "exp_month": month,
            "exp_year": year,
        },
        "created": call.now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_test_card": card.number if card else None,
        "_cvc": cvc,
        "_used": False,
    }


def _card(number: str, card: Card | None) -> Json:
    # Nothing that leads to the number is kept unless it is a published one: somebody may type a real card.
    fingerprint = hashlib.sha256(number.encode()).hexdigest()[:16] if card else token(16)
    brand = card.brand if card else brand_of(number)
    return {
        "brand": brand,
        "country": card.country if card else None,
        "display_brand": brand,
        "fingerprint": fingerprint,
        "funding": card.funding if card else "unknown",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "three_d_secure_usage": {"supported": brand != "amex"},
        "wallet": None,
    }
