"""Charges: one for each attempt that reached the bank."""

from .cards import BY_NUMBER, Decline
from .context import Call
from .errors import Json
from .ids import new_id
from .objects import expand, listed, load, public

AUTHORIZATION_SECONDS = 7 * 24 * 3600
FROM_INTENT = (
    "description", "metadata", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix",
)  # fmt: skip
UNUSED = (
    "application", "application_fee", "application_fee_amount", "balance_transaction", "customer",
    "failure_balance_transaction", "on_behalf_of", "receipt_number", "receipt_url", "review", "source",
    "source_transfer", "transfer_data", "transfer_group",
)  # fmt: skip


async def retrieve_charge(call: Call, charge_id: str) -> Json:
    """GET /v1/charges/{id}"""
    expanded = call.form.strings("expand")
    call.form.finish()
    return expand(call, public(load(call, "charge", charge_id)), expanded)


async def list_charges(call: Call) -> Json:
    """GET /v1/charges"""
    expanded = [path.removeprefix("data.") for path in call.form.strings("expand")]
    intent = call.form.string("payment_intent")
    page = listed(call, "charge", "/v1/charges", lambda charge: intent in {None, charge["payment_intent"]})
    for charge in page["data"]:
        expand(call, charge, expanded)
    return page


def new_charge(call: Call, intent: Json, method: Json, decline: Decline | None, *, authenticated: bool) -> Json:
    """A charge that the bank has allowed, or, with a decline, refused."""
    manual = intent["capture_method"] == "manual"
    captured = decline is None and not manual
    return {
        "id": new_id("ch"),
        "object": "charge",
        **dict.fromkeys(UNUSED),
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "STAND-IN",
        "captured": captured,
        "created": call.now,
        "currency": intent["currency"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(call, intent, method, authenticated=authenticated),
        "radar_options": {},
        "refunded": False,
        "status": "failed" if decline else "succeeded",
        **{name: intent[name] for name in FROM_INTENT},
    }


def _outcome(decline: Decline | None) -> Json:
    if decline is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "not_sent_to_network" if decline.blocked else "declined_by_network",
        "reason": "highest_risk_level" if decline.blocked else decline.decline_code or decline.code,
        "risk_level": "highest" if decline.blocked else "normal",
        "seller_message": "Radar blocked this payment." if decline.blocked else "The bank refused this payment.",
        "type": "blocked" if decline.blocked else "issuer_declined",
    }


def _details(call: Call, intent: Json, method: Json, *, authenticated: bool) -> Json:
    card = method["card"]
    known = BY_NUMBER.get(method["_test_card"] or "")
    checked = None if not method["_cvc"] else "fail" if known and known.cvc_fails else "pass"
    manual = intent["capture_method"] == "manual"
    return {
        "card": {
            "amount_authorized": intent["amount"],
            "brand": card["brand"],
            "capture_before": call.now + AUTHORIZATION_SECONDS if manual else None,
            "checks": {**card["checks"], "cvc_check": checked},
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "network": card["brand"],
            "three_d_secure": _authentication() if authenticated else None,
            "wallet": None,
        },
        "type": "card",
    }


def _authentication() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "version": "2.2.0",
    }
