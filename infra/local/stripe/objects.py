"""How objects look to a caller: private members hidden, ids expanded on demand, lists in pages."""

from collections.abc import Callable
from typing import Any

from .context import Call
from .errors import InvalidRequest, Json, NoSuchObject

KIND_OF_PREFIX = {"pi": "payment_intent", "ch": "charge", "pm": "payment_method", "re": "refund"}
FOR_BROWSERS = frozenset({
    "id", "object", "amount", "amount_details", "automatic_payment_methods", "canceled_at", "cancellation_reason",
    "capture_method", "client_secret", "confirmation_method", "created", "currency", "description",
    "last_payment_error", "livemode", "next_action", "payment_method", "payment_method_types", "processing",
    "receipt_email", "setup_future_usage", "shipping", "source", "status",
})  # fmt: skip
DEEPEST = 4


def public(value: Any) -> Any:
    """The value without members whose name begins with an underscore."""
    if isinstance(value, dict):
        return {name: public(child) for name, child in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [public(child) for child in value]
    return value


def for_browser(intent: Json) -> Json:
    """What a publishable key may see of an intent (docs.stripe.com/api/payment_intents/retrieve)."""
    return {name: value for name, value in public(intent).items() if name in FOR_BROWSERS}


def load(call: Call, kind: str, key: str, param: str = "id", *, in_body: bool = False) -> Json:
    """The object, or the refusal that names it."""
    value = call.tx.get(kind, key)
    if value is None:
        raise NoSuchObject(kind, key, param, in_body=in_body)
    return value


def expand(call: Call, value: Json, paths: list[str]) -> Json:
    """Replaces ids by objects (docs.stripe.com/api/expanding_objects)."""
    for path in paths:
        if path.count(".") >= DEEPEST:
            raise InvalidRequest(f"At most {DEEPEST} levels can be expanded.", param="expand")
        _expand(call, value, path.split("."), path)
    return value


def _expand(call: Call, value: Any, parts: list[str], path: str) -> None:
    if isinstance(value, list):
        for item in value:
            _expand(call, item, parts, path)
        return
    if not parts or value is None:
        return
    name, *rest = parts
    if isinstance(value, dict) and value.get("object") == "charge" and name == "refunds":
        value.setdefault("refunds", refunds_of(call, value["id"]))
    if not isinstance(value, dict) or name not in value:
        raise InvalidRequest(f"This property cannot be expanded ({path}).", param="expand")
    child = value[name]
    if isinstance(child, str):
        kind = KIND_OF_PREFIX.get(child.partition("_")[0])
        if kind is None:
            raise InvalidRequest(f"This property cannot be expanded ({path}).", param="expand")
        value[name] = child = public(load(call, kind, child))
    _expand(call, child, rest, path)


def refunds_of(call: Call, charge: str) -> Json:
    """The list of a charge's refunds."""
    refunds = [public(refund) for refund in call.tx.newest("refund") if refund["charge"] == charge]
    return {"object": "list", "data": refunds, "has_more": False, "url": f"/v1/charges/{charge}/refunds"}


def listed(call: Call, kind: str, url: str, wanted: Callable[[Json], bool]) -> Json:
    """A page, newest first (docs.stripe.com/api/pagination)."""
    form = call.form
    limit = form.integer("limit", 1) or 10
    after, before = form.string("starting_after"), form.string("ending_before")
    created = _created(call)
    form.finish()
    if limit > 100:  # noqa: PLR2004
        raise InvalidRequest("A page has at most 100 objects.", param="limit")
    if after and before:
        raise InvalidRequest("Give starting_after or ending_before, not both.", param="starting_after")
    for param, key in (("starting_after", after), ("ending_before", before)):
        if key:
            load(call, kind, key, param, in_body=True)
    keys = _between(call.world.store.keys(kind), after, before)
    found: list[Json] = []
    for key in keys:
        value = call.world.store.get(kind, key)
        if value is not None and created(value) and wanted(value):
            found.append(public(value))
        if len(found) > limit:
            break
    page = found[:limit]
    return {"object": "list", "data": page[::-1] if before else page, "has_more": len(found) > limit, "url": url}


def _between(keys: list[str], after: str | None, before: str | None) -> list[str]:
    """The ids from the cursor on, in the order in which the page is filled."""
    if after:
        return keys[keys.index(after) + 1 :]
    return keys[: keys.index(before)][::-1] if before else keys


def _created(call: Call) -> Callable[[Json], bool]:
    bounds = call.form.raw("created")
    if bounds is None:
        return lambda _value: True
    if isinstance(bounds, str):
        bounds = {"gte": bounds, "lte": bounds}
    signs: dict[str, Callable[[int, int], bool]] = {
        "gt": lambda left, right: left > right,
        "gte": lambda left, right: left >= right,
        "lt": lambda left, right: left < right,
        "lte": lambda left, right: left <= right,
    }
    if not isinstance(bounds, dict) or any(
        sign not in signs or not str(bound).isdecimal() for sign, bound in bounds.items()
    ):
        raise InvalidRequest("created is a time, or an object of gt, gte, lt, lte.", param="created")
    return lambda value: all(signs[sign](value["created"], int(bound)) for sign, bound in bounds.items())
