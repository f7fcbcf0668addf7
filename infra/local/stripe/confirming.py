"""Confirming a PaymentIntent (docs.stripe.com/api/payment_intents/confirm)."""

from dataclasses import dataclass

from .attempts import attempt
from .context import Call
from .errors import InvalidRequest, Json, UnexpectedState
from .forms import Form
from .methods import find_method, read_method
from .objects import load, public

CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass(frozen=True)
class Confirmation:
    """The parameters that speak of the way of confirming."""

    return_url: str | None
    off_session: bool
    error_on_requires_action: bool
    use_stripe_sdk: bool
    request_three_d_secure: str | None


def read_confirmation(form: Form) -> Confirmation:
    """Reads them, from a create or a confirm."""
    card = form.child("payment_method_options").child("card")
    off_session = form.choice("off_session", "true", "false", "one_off", "recurring")
    return Confirmation(
        return_url=form.string("return_url"),
        off_session=off_session not in {None, "false"},
        error_on_requires_action=form.boolean("error_on_requires_action"),
        use_stripe_sdk=form.boolean("use_stripe_sdk"),
        request_three_d_secure=card.choice("request_three_d_secure", "automatic", "any", "challenge"),
    )


def read_method_choice(call: Call, form: Form) -> Json | None:
    """The method that `payment_method` names or `payment_method_data` describes."""
    named = form.string("payment_method")
    described = "payment_method_data" in form
    if named and described:
        raise InvalidRequest("Give payment_method or payment_method_data, not both.", param="payment_method")
    if described:
        return read_method(call, form.child("payment_method_data"))
    return find_method(call, named) if named else None


def check_confirmable(intent: Json) -> None:
    """Only an intent that waits for a method, a confirmation or the buyer can be confirmed."""
    if intent["status"] in CONFIRMABLE:
        return
    reason = "it has already succeeded" if intent["status"] == "succeeded" else f"its status is {intent['status']}"
    raise UnexpectedState(f"This PaymentIntent cannot be confirmed: {reason}.", payment_intent=public(intent))


async def confirm_new(call: Call, intent: Json, confirmation: Confirmation, method: Json | None) -> Json:
    """Confirms an intent that this call has just made, or holds the lock of."""
    if method is None and intent["payment_method"] is not None:
        method = load(call, "payment_method", intent["payment_method"])
    if method is None:
        raise UnexpectedState(
            "This PaymentIntent cannot be confirmed: it has no payment method. Name one in this call, or before it.",
            payment_intent=public(intent),
        )
    _apply(call, intent, confirmation)
    return await attempt(call, intent, method)


def _apply(call: Call, intent: Json, confirmation: Confirmation) -> None:
    if confirmation.return_url:
        intent["_return_url"] = confirmation.return_url
    automatic = intent["automatic_payment_methods"]
    redirects = automatic is not None and automatic["allow_redirects"] == "always"
    if redirects and not intent["_return_url"] and not confirmation.use_stripe_sdk and not call.publishable:
        raise InvalidRequest(
            "This PaymentIntent takes payment methods that redirect the buyer, so a return_url is needed, "
            "or automatic_payment_methods[allow_redirects]=never, or allowed_payment_method_types.",
            param="return_url",
        )
    intent["_off_session"] = confirmation.off_session
    intent["_error_on_requires_action"] = confirmation.error_on_requires_action
    in_page = confirmation.use_stripe_sdk or call.publishable
    intent["_use_stripe_sdk"] = in_page and call.fault("redirect") is None
    intent["_challenge"] = None
    if confirmation.request_three_d_secure:
        intent["payment_method_options"]["card"]["request_three_d_secure"] = confirmation.request_three_d_secure
