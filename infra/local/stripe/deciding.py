"""The calls that decide an intent: confirm, capture, cancel, and the buyer's answer to the bank."""

import asyncio

from .attempts import fail_authentication, settle
from .cards import DECLINES
from .confirming import check_confirmable, confirm_new, read_confirmation, read_method_choice
from .context import Call
from .errors import CardRefused, InvalidRequest, Json, Unauthenticated, UnexpectedState
from .events import emit
from .intents import CAPTURE_METHODS, find_intent
from .objects import expand, for_browser, load, public

CANCELABLE = frozenset({
    "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing",
})  # fmt: skip
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")


async def confirm_intent(call: Call, intent_id: str) -> Json:
    """POST /v1/payment_intents/{id}/confirm"""
    form = call.form
    expanded = form.strings("expand")
    await call.lock(intent_id)
    intent = find_intent(call, intent_id)
    if call.publishable and intent["confirmation_method"] == "manual":
        raise Unauthenticated("This PaymentIntent is confirmed by the server alone.", code="secret_key_required")
    check_confirmable(intent)
    method = read_method_choice(call, form)
    confirmation = read_confirmation(form)
    if "receipt_email" in form:
        intent["receipt_email"] = form.string("receipt_email")
    if (capture_method := form.choice("capture_method", *CAPTURE_METHODS)) is not None:
        intent["capture_method"] = capture_method
    form.finish()
    intent = await confirm_new(call, intent, confirmation, method)
    return for_browser(intent) if call.publishable else expand(call, public(intent), expanded)


async def capture_intent(call: Call, intent_id: str) -> Json:
    """POST /v1/payment_intents/{id}/capture"""
    form = call.form
    expanded = form.strings("expand")
    await call.lock(intent_id)
    intent = load(call, "payment_intent", intent_id, "intent")
    amount = form.integer("amount_to_capture", 1)
    metadata = form.metadata(intent["metadata"])
    suffix = form.string("statement_descriptor_suffix") or intent["statement_descriptor_suffix"]
    form.finish()
    expired = _expire_on_demand(call, intent)
    _check_capture(intent, amount, kept=expired)
    if fault := call.fault("slow"):
        await asyncio.sleep(fault.seconds)
    if fault := call.fault("decline"):
        reason = DECLINES[fault.decline]
        raise CardRefused(
            reason.message, code=reason.code, decline_code=reason.decline_code, payment_intent=public(intent)
        )
    intent |= {"metadata": metadata, "statement_descriptor_suffix": suffix}
    _capture(call, intent, intent["amount_capturable"] if amount is None else amount)
    return expand(call, public(intent), expanded)


async def cancel_intent(call: Call, intent_id: str) -> Json:
    """POST /v1/payment_intents/{id}/cancel"""
    form = call.form
    expanded = form.strings("expand")
    reason = form.choice("cancellation_reason", *REASONS)
    form.finish()
    await call.lock(intent_id)
    intent = load(call, "payment_intent", intent_id, "intent")
    if intent["status"] not in CANCELABLE:
        raise UnexpectedState(
            f"This PaymentIntent cannot be canceled: its status is {intent['status']}.",
            payment_intent=public(intent),
        )
    _cancel(call, intent, reason)
    return expand(call, public(intent), expanded)


async def answer_bank(call: Call, challenge_id: str, *, passed: bool) -> Json:
    """What the buyer chose on the 3-D Secure page; the intent afterwards."""
    challenge = load(call, "challenge", challenge_id)
    await call.lock(challenge["payment_intent"])
    intent = load(call, "payment_intent", challenge["payment_intent"], "intent")
    if intent["_challenge"] != challenge_id or intent["status"] != "requires_action":
        return intent
    method = load(call, "payment_method", intent["payment_method"])
    if not passed:
        fail_authentication(call, intent, method)
    else:
        intent |= {"_authenticated": method["id"], "_challenge": None, "next_action": None}
        await _go_on(call, intent, method)
    return intent


async def finish_processing(call: Call, intent_id: str) -> None:
    """The bank's late word on an intent that was left in `processing`."""
    await call.lock(intent_id)
    intent = call.tx.get("payment_intent", intent_id)
    if intent is not None and intent["status"] == "processing":
        settle(call, intent, load(call, "payment_method", intent["payment_method"]))


async def _go_on(call: Call, intent: Json, method: Json) -> None:
    """With manual confirmation it is the server's turn again; otherwise the bank decides at once."""
    if intent["confirmation_method"] == "manual":
        intent["status"] = "requires_confirmation"
        call.tx.put("payment_intent", intent)
        return
    if fault := call.fault("slow"):
        await asyncio.sleep(fault.seconds)
    settle(call, intent, method)


def _expire_on_demand(call: Call, intent: Json) -> bool:
    if intent["status"] != "requires_capture" or not call.fault("expire"):
        return False
    emit(call, "charge.expired", load(call, "charge", intent["latest_charge"]))
    _cancel(call, intent, "expired")
    return True


def _check_capture(intent: Json, amount: int | None, *, kept: bool) -> None:
    if intent["status"] != "requires_capture":
        error = UnexpectedState(
            f"This PaymentIntent cannot be captured: its status is {intent['status']}, not requires_capture.",
            payment_intent=public(intent),
        )
        error.kept = kept
        raise error
    if amount is not None and amount > intent["amount_capturable"]:
        raise InvalidRequest(
            f"At most {intent['amount_capturable']} can be captured.",
            code="amount_too_large",
            param="amount_to_capture",
        )


def _capture(call: Call, intent: Json, amount: int) -> None:
    charge = load(call, "charge", intent["latest_charge"])
    charge |= {"amount_captured": amount, "captured": True}
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    call.tx.put("charge", charge)
    call.tx.put("payment_intent", intent)
    emit(call, "charge.captured", charge)
    emit(call, "payment_intent.succeeded", intent)


def _cancel(call: Call, intent: Json, reason: str | None) -> None:
    # The charge of a released authorisation stays as it is: no refund, `refunded` false (version 2025-03-31.basil).
    intent |= {
        "status": "canceled",
        "canceled_at": call.now,
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
        "_challenge": None,
    }
    call.tx.put("payment_intent", intent)
    emit(call, "payment_intent.canceled", intent)
