"""The levers for tests and audits, on the stand-in's own port only."""

from collections import defaultdict
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .context import PREFIX, World
from .errors import Json
from .faults import UnknownFault, read_fault
from .objects import public

FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded")
Endpoint = Callable[[Request], Awaitable[Response]]


def own_port_only(endpoint: Endpoint) -> Endpoint:
    """Who comes through a gateway finds nothing."""

    async def guarded(request: Request) -> Response:
        if any(name in request.headers for name in FORWARDED):
            return JSONResponse({"error": "not found"}, 404)
        return await endpoint(request)

    return guarded


class Levers:
    """The endpoints. `wiped` is told when everything has been forgotten."""

    def __init__(self, world: World, wiped: Callable[[], None]) -> None:
        self._world = world
        self._wiped = wiped

    async def list_faults(self, _request: Request) -> Response:
        """What is still to go wrong."""
        return JSONResponse({"faults": self._world.faults.listed()})

    async def add_fault(self, request: Request) -> Response:
        """Takes an order."""
        # Asking for JSON keeps a page of another origin from ordering faults without a preflight.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"error": "A fault is sent as application/json."}, 415)
        try:
            fault = read_fault(await request.json())
            self._world.faults.add(fault)
        except ValueError as error:
            message = str(error) if isinstance(error, UnknownFault) else "This is not JSON."
            return JSONResponse({"error": message}, 400)
        return JSONResponse({"id": fault.id}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """Nothing goes wrong any more."""
        self._world.faults.clear()
        return Response(status_code=204)

    async def wipe(self, _request: Request) -> Response:
        """Forgets all objects, keys, events and faults."""
        self._world.faults.clear()
        self._world.store.wipe()
        self._wiped()
        return Response(status_code=204)

    async def intents(self, _request: Request) -> Response:
        """Everything that was ever tried to be paid."""
        return JSONResponse({"intents": all_intents(self._world)})


def routes(world: World, wiped: Callable[[], None]) -> list[Route]:
    """The levers and their addresses."""
    levers = Levers(world, wiped)
    table = (
        ("GET", "/faults", levers.list_faults),
        ("POST", "/faults", levers.add_fault),
        ("DELETE", "/faults", levers.clear_faults),
        ("DELETE", "/state", levers.wipe),
        ("GET", "/intents", levers.intents),
    )
    return [Route(PREFIX + path, own_port_only(endpoint), methods=[method]) for method, path, endpoint in table]


def all_intents(world: World) -> list[Json]:
    """Every intent, newest first, with all its charges and refunds."""
    parts: dict[str, dict[str, list[Json]]] = defaultdict(lambda: {"charge": [], "refund": []})
    for kind in ("charge", "refund"):
        for value in world.store.newest(kind):
            parts[value["payment_intent"]][kind].append(public(value))
    return [
        {**public(intent), "charges": parts[intent["id"]]["charge"], "refunds": parts[intent["id"]]["refund"]}
        for intent in world.store.newest("payment_intent")
    ]
