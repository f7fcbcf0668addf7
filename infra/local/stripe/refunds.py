"""Refunds: never more than was captured (docs.stripe.com/api/refunds)."""

from .cards import BY_NUMBER
from .context import Call
from .errors import InvalidRequest, Json, Refused
from .events import emit
from .ids import new_id
from .objects import expand, listed, load, public

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


async def create_refund(call: Call) -> Json:
    """POST /v1/refunds"""
    form = call.form
    expanded = form.strings("expand")
    charge_id, intent_id = form.string("charge"), form.string("payment_intent")
    amount = form.integer("amount", 1)
    reason = form.choice("reason", *REASONS)
    metadata = form.metadata({})
    form.finish()
    if (charge_id is None) == (intent_id is None):
        raise InvalidRequest(
            "Give payment_intent or charge, one of them.", code="parameter_missing", param="payment_intent"
        )
    if charge_id is not None:
        intent_id = load(call, "charge", charge_id, "charge", in_body=True)["payment_intent"]
    await call.lock(str(intent_id))
    charge = _refundable(call, str(intent_id), charge_id)
    rest = charge["amount_captured"] - charge["amount_refunded"]
    if rest == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > rest:
        raise Refused(f"At most {rest} is left to refund on charge {charge['id']}.", param="amount")
    refund = _refund(call, charge, rest if amount is None else amount, reason, metadata)
    return expand(call, public(refund), expanded)


async def retrieve_refund(call: Call, refund_id: str) -> Json:
    """GET /v1/refunds/{id}"""
    expanded = call.form.strings("expand")
    call.form.finish()
    return expand(call, public(load(call, "refund", refund_id)), expanded)


async def update_refund(call: Call, refund_id: str) -> Json:
    """POST /v1/refunds/{id}: its metadata only"""
    expanded = call.form.strings("expand")
    refund = load(call, "refund", refund_id)
    refund["metadata"] = call.form.metadata(refund["metadata"])
    call.form.finish()
    call.tx.put("refund", refund)
    emit(call, "refund.updated", refund)
    return expand(call, public(refund), expanded)


async def list_refunds(call: Call) -> Json:
    """GET /v1/refunds"""
    expanded = [path.removeprefix("data.") for path in call.form.strings("expand")]
    charge, intent = call.form.string("charge"), call.form.string("payment_intent")

    def wanted(refund: Json) -> bool:
        return charge in {None, refund["charge"]} and intent in {None, refund["payment_intent"]}

    page = listed(call, "refund", "/v1/refunds", wanted)
    for refund in page["data"]:
        expand(call, refund, expanded)
    return page


async def finish_refund(call: Call, refund_id: str) -> None:
    """The bank's late word on a refund of one of the two test cards for that."""
    stored = call.tx.get("refund", refund_id)
    if stored is None:
        return
    await call.lock(stored["payment_intent"])
    refund = load(call, "refund", refund_id)
    if refund["_outcome"] is None:
        return
    refund |= {"status": refund["_outcome"], "_outcome": None}
    if refund["status"] == "failed":
        refund["failure_reason"] = "unknown"
        charge = load(call, "charge", refund["charge"])
        charge |= {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False}
        call.tx.put("charge", charge)
        emit(call, "refund.failed", refund)
    call.tx.put("refund", refund)
    emit(call, "refund.updated", refund)
    emit(call, "charge.refund.updated", refund)


def _refundable(call: Call, intent_id: str, charge_id: str | None) -> Json:
    intent = load(call, "payment_intent", intent_id, "payment_intent", in_body=True)
    charge_id = charge_id or intent["latest_charge"]
    charge = load(call, "charge", charge_id) if charge_id else None
    if charge is None or not charge["captured"]:
        raise Refused(f"The PaymentIntent {intent_id} has no captured charge to refund.")
    return charge


def _refund(call: Call, charge: Json, amount: int, reason: str | None, metadata: Json) -> Json:
    method = load(call, "payment_method", charge["payment_method"])
    fate = BY_NUMBER[method["_test_card"]].refund
    refund: Json = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "pending_reason": "processing" if fate == "later" else None,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if fate == "later" else "succeeded",
        "transfer_reversal": None,
        "_outcome": {"later": "succeeded", "fails": "failed", "at once": None}[fate],
    }
    _book(call, charge, refund)
    return refund


def _book(call: Call, charge: Json, refund: Json) -> None:
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += refund["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.tx.put("refund", refund)
    call.tx.put("charge", charge)
    emit(call, "refund.created", refund)
    emit(call, "charge.refunded", charge, previous)
    if refund["_outcome"]:
        at = call.world.time() + call.world.options.refund_delay
        call.tx.put("due", {"id": new_id("due"), "at": at, "what": "refund", "object": refund["id"]})
