"""PaymentIntents: created, read, changed and listed (docs.stripe.com/api/payment_intents)."""

from .confirming import confirm_new, read_confirmation, read_method_choice
from .context import Call
from .errors import InvalidRequest, Json, NoSuchObject, UnexpectedState
from .events import emit
from .forms import Form
from .ids import new_id, token
from .money import check_amount, read_currency
from .objects import expand, for_browser, listed, load, public

ONLY_WHEN_CONFIRMING = ("return_url", "off_session", "error_on_requires_action")
CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
CARD_OPTIONS = ("installments", "mandate_options", "network")
TEXTS = ("description", "receipt_email", "statement_descriptor_suffix")
EMPTY = (
    "application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer", "last_payment_error",
    "latest_charge", "next_action", "on_behalf_of", "payment_method", "processing", "review", "setup_future_usage",
    "shipping", "source", "statement_descriptor", "transfer_data", "transfer_group",
    "_authenticated", "_challenge", "_return_url",
)  # fmt: skip
CHANGEABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


async def create_intent(call: Call) -> Json:
    """POST /v1/payment_intents"""
    form = call.form
    expanded = form.strings("expand")
    confirm = form.boolean("confirm")
    for name in ONLY_WHEN_CONFIRMING:
        if not confirm and name in form:
            raise InvalidRequest(f"{name} can be given only when confirm is true.", param=name)
    intent = _read_new(call)
    method = read_method_choice(call, form)
    confirmation = read_confirmation(form)
    form.finish()
    if method is not None:
        call.tx.put("payment_method", method)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    call.tx.put("payment_intent", intent)
    emit(call, "payment_intent.created", intent)
    if confirm:
        intent = await confirm_new(call, intent, confirmation, method)
    return expand(call, public(intent), expanded)


async def retrieve_intent(call: Call, intent_id: str) -> Json:
    """GET /v1/payment_intents/{id}"""
    expanded = call.form.strings("expand")
    intent = find_intent(call, intent_id)
    call.form.finish()
    return for_browser(intent) if call.publishable else expand(call, public(intent), expanded)


async def update_intent(call: Call, intent_id: str) -> Json:
    """POST /v1/payment_intents/{id}"""
    form = call.form
    expanded = form.strings("expand")
    await call.lock(intent_id)
    intent = load(call, "payment_intent", intent_id, "intent")
    _change(call, intent)
    method = read_method_choice(call, form)
    form.finish()
    if method is not None:
        call.tx.put("payment_method", method)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
        intent |= {"_challenge": None, "_authenticated": None}
    call.tx.put("payment_intent", intent)
    return expand(call, public(intent), expanded)


async def list_intents(call: Call) -> Json:
    """GET /v1/payment_intents"""
    expanded = [path.removeprefix("data.") for path in call.form.strings("expand")]
    page = listed(call, "payment_intent", "/v1/payment_intents", lambda _intent: True)
    for intent in page["data"]:
        expand(call, intent, expanded)
    return page


def find_intent(call: Call, intent_id: str) -> Json:
    """The intent; a browser must also show its client secret."""
    secret = call.form.string("client_secret")
    intent = load(call, "payment_intent", intent_id, "intent")
    if (call.publishable or secret) and secret != intent["client_secret"]:
        raise NoSuchObject("payment_intent", intent_id, "intent")
    return intent


def _change(call: Call, intent: Json) -> None:
    form = call.form
    fixed = {"amount", "currency", "payment_method", "payment_method_data", "capture_method"}
    touched = sorted(name for name in fixed if name in form)
    if touched and intent["status"] not in CHANGEABLE:
        raise UnexpectedState(
            f"{', '.join(touched)} cannot be changed: the PaymentIntent has the status {intent['status']}.",
            payment_intent=public(intent),
        )
    if "currency" in form:
        intent["currency"] = read_currency(form)
    if (amount := form.integer("amount", 1)) is not None:
        intent["amount"] = amount
    check_amount(intent["amount"], intent["currency"])
    if method := form.choice("capture_method", *CAPTURE_METHODS):
        intent["capture_method"] = method
    intent["metadata"] = form.metadata(intent["metadata"])
    for name in TEXTS:
        if name in form:
            intent[name] = form.string(name)


def _read_new(call: Call) -> Json:
    form = call.form
    amount = Form({"amount": form.required("amount")}).integer("amount", 1) or 0
    currency = read_currency(form)
    check_amount(amount, currency)
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        **dict.fromkeys(EMPTY),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        **_read_types(form),
        "capture_method": form.choice("capture_method", *CAPTURE_METHODS) or "automatic_async",
        "client_secret": f"{intent_id}_secret_{token()}",
        "confirmation_method": form.choice("confirmation_method", "automatic", "manual") or "automatic",
        "created": call.now,
        "currency": currency,
        "livemode": False,
        "metadata": form.metadata({}),
        "payment_method_options": {"card": {**dict.fromkeys(CARD_OPTIONS), "request_three_d_secure": "automatic"}},
        "status": "requires_payment_method",
        **{name: form.string(name) for name in TEXTS},
        "_error_on_requires_action": False,
        "_off_session": False,
        "_use_stripe_sdk": False,
    }


def _read_types(form: Form) -> Json:
    """Automatic payment methods are on unless types are allowed (docs.stripe.com/changelog/2023-08-16, .../endive)."""
    has_automatic = "automatic_payment_methods" in form
    automatic = form.child("automatic_payment_methods")
    enabled = automatic.boolean("enabled", default=True)
    redirects = automatic.choice("allow_redirects", "always", "never") or "always"
    if "payment_method_types" in form:
        raise InvalidRequest(
            "payment_method_types is not taken any more: give allowed_payment_method_types.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    types = form.strings("allowed_payment_method_types")
    if types and has_automatic:
        raise InvalidRequest(
            "Give allowed_payment_method_types or automatic_payment_methods, not both.",
            param="allowed_payment_method_types",
        )
    if any(kind != "card" for kind in types):
        raise InvalidRequest("The stand-in takes cards only.", param="allowed_payment_method_types")
    if types or (has_automatic and not enabled):
        return {"automatic_payment_methods": None, "payment_method_types": ["card"]}
    return {
        "automatic_payment_methods": {"allow_redirects": redirects, "enabled": True},
        "payment_method_types": ["card"],
    }
