"""The door of the API: keys, faults, idempotency, one transaction, the answer."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .context import API_VERSION, PREFIX, Call, World
from .errors import InvalidRequest, Json, ServerFault, StripeError, Unauthenticated
from .forms import Form, decode
from .idempotency import Reply, find_reply, fingerprint, keep, running
from .objects import for_browser
from .state import Transaction, dumps

Handler = Callable[..., Awaitable[Json]]
BODY_LIMIT = 1024 * 1024


class Dropped(Response):
    """No answer: the connection is cut, as by a network that fails."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        transport = scope.get("state", {}).get("transport")
        if transport is None:
            raise ConnectionResetError("The connection was dropped by order of a fault.")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def serve(world: World, request: Request, handler: Handler, *, browser: bool | None) -> Response:
    """Answers one request. `browser`: with a publishable key: True only so, False never, None as you like."""
    path = request.url.path.removeprefix(PREFIX)
    drop = world.faults.take(request.method, path, "drop before")
    if drop is not None:
        return Dropped()
    call = Call(world, request.method, path)
    try:
        reply = await _reply(call, request, handler, browser=browser)
    except StripeError as error:
        reply = _refusal(error)
    if fault := world.faults.take(request.method, path, "hang after"):
        await asyncio.sleep(fault.seconds)
    if world.faults.take(request.method, path, "drop after"):
        return Dropped()
    headers = {"Request-Id": call.request_id, "Stripe-Version": API_VERSION, "Cache-Control": "no-cache, no-store"}
    return Response(reply.text, reply.status, {**headers, **reply.headers}, media_type="application/json")


async def _reply(call: Call, request: Request, handler: Handler, *, browser: bool | None) -> Reply:
    call.publishable = _authenticate(request.headers.get("authorization"), browser)
    parameters = decode(request.url.query.encode() if request.method == "GET" else await _body(request))
    call.form = Form(parameters)
    call.idempotency_key = (request.headers.get("idempotency-key") if request.method == "POST" else None) or None
    print_ = fingerprint(request.method, call.path, parameters)
    if call.idempotency_key and (kept := find_reply(call.world, call.idempotency_key, print_)):
        return kept
    with running(call.world, call.idempotency_key, print_):
        return await _execute(call, handler, request.path_params, print_)


async def _execute(call: Call, handler: Handler, names: Json, print_: str) -> Reply:
    async with call:
        try:
            await _fault_before(call)
            reply, saved = Reply(200, dumps(await handler(call, **names)), {}), True
        except StripeError as error:
            if not error.kept:
                call.tx = Transaction(call.world.store)
            if call.publishable and "payment_intent" in error.more:
                error.more["payment_intent"] = for_browser(error.more["payment_intent"])
            reply, saved = _refusal(error), error.saved
        if fault := call.fault("error after"):
            reply, saved = _refusal(ServerFault(fault.status)), True
        if saved:
            keep(call, print_, reply)
        call.world.commit(call.tx)
    return reply


async def _fault_before(call: Call) -> None:
    if fault := call.fault("hang before"):
        await asyncio.sleep(fault.seconds)
    if fault := call.fault("error before"):
        raise ServerFault(fault.status)


def _refusal(error: StripeError) -> Reply:
    return Reply(error.status, dumps(error.body()), error.headers())


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise InvalidRequest("The request is too large.")
    return body


def _authenticate(authorization: str | None, browser: bool | None) -> bool:
    """Whether the key is a publishable one."""
    key = _key(authorization)
    if key.startswith("pk_test_") and browser is not False:
        return True
    if key.startswith("pk_test_"):
        raise Unauthenticated("This call needs a secret key.", code="secret_key_required")
    if key.startswith("sk_test_") and not browser:
        return False
    raise Unauthenticated(f"Invalid API Key provided: {key[:8]}{'*' * min(len(key[8:]), 8)}")


def _key(authorization: str | None) -> str:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    elif scheme.lower() != "bearer":
        value = ""
    if not value.strip():
        raise Unauthenticated(
            "No API key was given. Send it in the Authorization header, as Bearer or as the name of Basic."
        )
    return value.strip()
