"""Idempotency keys: the first answer is kept for 24 hours (docs.stripe.com/api/idempotent_requests)."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .context import Call, World
from .errors import IdempotencyMismatch, InvalidRequest, Json, KeyInUse

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True)
class Reply:
    """An answer as it can be kept."""

    status: int
    text: str
    headers: dict[str, str]


def fingerprint(method: str, path: str, parameters: Json) -> str:
    """What a second request must have in common with the first."""
    text = f"{method} {path} {json.dumps(parameters, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()


def find_reply(world: World, key: str, print_: str) -> Reply | None:
    """The kept answer for this key, None if there is none; refuses another request under the same key."""
    if len(key) > LONGEST_KEY:
        raise InvalidRequest(f"An idempotency key has at most {LONGEST_KEY} characters.")
    kept = world.store.get("idempotency", key)
    if kept is not None and kept["created"] <= world.now() - KEPT_SECONDS:
        kept = None
    first = kept["fingerprint"] if kept else world.running.get(key, print_)
    if first != print_:
        raise IdempotencyMismatch(
            f"The key '{key}' was first used for another request: other parameters or another endpoint. Use a new key."
        )
    if kept is None:
        if key in world.running:
            raise KeyInUse(f"The first request with the key '{key}' is still running.")
        return None
    headers = {**kept["headers"], "Idempotent-Replayed": "true", "Original-Request": kept["request"]}
    return Reply(kept["status"], kept["text"], headers)


@contextmanager
def running(world: World, key: str | None, print_: str) -> Iterator[None]:
    """While a request runs, its key is in use."""
    if key is None:
        yield
        return
    world.running[key] = print_
    try:
        yield
    finally:
        del world.running[key]


def keep(call: Call, print_: str, reply: Reply) -> None:
    """Keeps the answer in the very transaction that it tells of, and forgets what is too old."""
    if call.idempotency_key is None:
        return
    call.tx.put("idempotency", {
        "id": call.idempotency_key, "fingerprint": print_, "created": call.now, "request": call.request_id,
        "status": reply.status, "text": reply.text, "headers": reply.headers,
    })  # fmt: skip
    oldest = call.world.store.oldest("idempotency")
    if oldest is not None and oldest["created"] <= call.now - KEPT_SECONDS and oldest["id"] != call.idempotency_key:
        call.tx.delete("idempotency", oldest["id"])
