"""What becomes of an attempt to pay: allowed, refused, or waiting for the buyer's bank to ask."""

import asyncio
from urllib.parse import urlsplit

from .cards import BY_NUMBER, DECLINES, Card, Decline
from .charges import new_charge
from .context import PREFIX, Call
from .errors import CardRefused, Json
from .events import emit
from .ids import new_id
from .objects import public

AUTHENTICATION_FAILED = "The card's bank could not confirm that it was you. Try again, or use another card."


async def attempt(call: Call, intent: Json, method: Json) -> Json:
    """Sends the intent to the bank. Raises CardRefused, with the intent put back, where it says no."""
    card = BY_NUMBER.get(method["_test_card"] or "")
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    call.tx.put("payment_method", method)
    if _must_authenticate(intent, card):
        if intent["_off_session"] or intent["_error_on_requires_action"]:
            raise refusal(intent, decline(call, intent, method, DECLINES["authentication_required"]))
        return ask(call, intent)
    if fault := call.fault("processing"):
        return _process(call, intent, fault.seconds)
    if fault := call.fault("slow"):
        await asyncio.sleep(fault.seconds)
    error = settle(call, intent, method)
    if error is not None:
        raise refusal(intent, error)
    return intent


def settle(call: Call, intent: Json, method: Json) -> Json | None:
    """The bank's word on an attempt that waits for nothing more; the error, if it refuses."""
    fault = call.fault("decline")
    refused = DECLINES[fault.decline] if fault else _declined(method)
    if refused is not None:
        return decline(call, intent, method, refused)
    charge = new_charge(call, intent, method, None, authenticated=bool(intent["_authenticated"]))
    method["_used"] = True
    intent |= {"latest_charge": charge["id"], "next_action": None, "processing": None, "payment_method": method["id"]}
    call.tx.put("payment_method", method)
    call.tx.put("charge", charge)
    emit(call, "charge.succeeded", charge)
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        emit(call, "payment_intent.amount_capturable_updated", intent)
    else:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        emit(call, "payment_intent.succeeded", intent)
    call.tx.put("payment_intent", intent)
    return None


def decline(call: Call, intent: Json, method: Json, reason: Decline) -> Json:
    """Puts the intent back to needing a payment method; the error says why."""
    charge = new_charge(call, intent, method, reason, authenticated=bool(intent["_authenticated"]))
    call.tx.put("charge", charge)
    intent["latest_charge"] = charge["id"]
    emit(call, "charge.failed", charge)
    error: Json = {
        "charge": charge["id"],
        "code": reason.code,
        "decline_code": reason.decline_code,
        "doc_url": "https://docs.stripe.com/error-codes#" + reason.code.replace("_", "-"),
        "message": reason.message,
        "param": reason.param,
        "payment_method": public(method),
        "type": "card_error",
    }
    return put_back(call, intent, error)


def fail_authentication(call: Call, intent: Json, method: Json) -> None:
    """The buyer did not pass the bank's question (docs.stripe.com/error-codes)."""
    code = "payment_intent_authentication_failure"
    error = {
        "code": code,
        "doc_url": "https://docs.stripe.com/error-codes#" + code.replace("_", "-"),
        "message": AUTHENTICATION_FAILED,
        "payment_method": public(method),
        "type": "invalid_request_error",
    }
    put_back(call, intent, error)


def put_back(call: Call, intent: Json, error: Json) -> Json:
    """Back to requires_payment_method, with the error in the intent."""
    error = {name: value for name, value in error.items() if value is not None}
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "processing": None,
        "last_payment_error": error,
        "_authenticated": None,
        "_challenge": None,
    }
    call.tx.put("payment_intent", intent)
    emit(call, "payment_intent.payment_failed", intent)
    return error


def refusal(intent: Json, error: Json) -> CardRefused:
    """The 402 that goes with a decline."""
    more = {name: value for name, value in error.items() if name not in {"message", "code", "param", "type", "doc_url"}}
    return CardRefused(
        error["message"], code=error["code"], param=error.get("param"), payment_intent=public(intent), **more
    )


def ask(call: Call, intent: Json) -> Json:
    """Waits for the buyer to answer the bank (docs.stripe.com/payments/3d-secure/authentication-flow)."""
    challenge = {"id": new_id("payatt"), "payment_intent": intent["id"], "created": call.now}
    call.tx.put("challenge", challenge)
    intent |= {
        "status": "requires_action",
        "_challenge": challenge["id"],
        "next_action": _next_action(intent, challenge),
    }
    call.tx.put("payment_intent", intent)
    emit(call, "payment_intent.requires_action", intent)
    return intent


def _next_action(intent: Json, challenge: Json) -> Json:
    page = f"{PREFIX}/3ds/{challenge['id']}"
    return_url = intent["_return_url"]
    if return_url and not intent["_use_stripe_sdk"]:
        # The stand-in does not know its public address, but the page that waits for the buyer is behind the same one.
        parts = urlsplit(return_url)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else ""
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": origin + page}}
    sdk = {"type": "three_d_secure_redirect", "stripe_js": page, "source": challenge["id"]}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}


def _process(call: Call, intent: Json, seconds: float) -> Json:
    intent["status"] = "processing"
    call.tx.put("payment_intent", intent)
    emit(call, "payment_intent.processing", intent)
    call.tx.put(
        "due", {"id": new_id("due"), "at": call.world.time() + seconds, "what": "payment", "object": intent["id"]}
    )
    return intent


def _must_authenticate(intent: Json, card: Card | None) -> bool:
    if card is None or intent["_authenticated"] == intent["payment_method"]:
        return False
    wanted = intent["payment_method_options"]["card"]["request_three_d_secure"] in {"any", "challenge"}
    match card.authentication:
        case "always":
            return True
        case "on session":
            return not intent["_off_session"]
        case "on request":
            return wanted
        case "never":
            return False


def _declined(method: Json) -> Decline | None:
    card = BY_NUMBER.get(method["_test_card"] or "")
    if card is None:
        return DECLINES["test_mode_live_card"]
    if card.cvc_fails and not method["_cvc"]:
        return None
    return DECLINES[card.decline] if card.decline else None
