"""Events: written with the change that they tell of, listed, and handed to the webhooks."""

from .context import API_VERSION, Call
from .errors import Json
from .ids import new_id
from .objects import expand, listed, load, public

KEPT_SECONDS = 30 * 24 * 3600
KEPT_NUMBER = 10_000


def emit(call: Call, event_type: str, value: Json, previous: Json | None = None) -> None:
    """Writes an event into the call's transaction, with the object as it is now."""
    data: Json = {"object": public(value)}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": call.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1 if call.world.options.webhook_url else 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": event_type,
    }
    call.tx.put("event", event)
    call.tx.events.append(event["id"])
    _forget_old(call)


def _forget_old(call: Call) -> None:
    oldest = call.world.store.oldest("event")
    if oldest is None:
        return
    if oldest["created"] < call.now - KEPT_SECONDS or call.world.store.count("event") > KEPT_NUMBER:
        call.tx.delete("event", oldest["id"])


async def retrieve_event(call: Call, event_id: str) -> Json:
    """GET /v1/events/{id}"""
    expanded = call.form.strings("expand")
    call.form.finish()
    return expand(call, public(load(call, "event", event_id)), expanded)


async def list_events(call: Call) -> Json:
    """GET /v1/events"""
    form = call.form
    types = form.strings("types")
    if single := form.string("type"):
        types.append(single)
    has_delivery = "delivery_success" in form
    delivered = form.boolean("delivery_success")

    def wanted(event: Json) -> bool:
        if has_delivery and (event["pending_webhooks"] == 0) != delivered:
            return False
        return not types or any(_is_type(event["type"], wished) for wished in types)

    return listed(call, "event", "/v1/events", wanted)


def _is_type(event_type: str, wished: str) -> bool:
    return event_type == wished or (wished.endswith(".*") and event_type.startswith(wished[:-1]))
