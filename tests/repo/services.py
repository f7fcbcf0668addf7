"""The one catalogue of services, from which the repository checks itself."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from auth.passwords import Passwords
from client.errors import Silent
from common.events import EventType
from common.settings import ServiceSettings
from common.testing import Kit
from expiration.schedule import MemoryTimer
from payments.gateway import Unknown

ROOT = Path(__file__).resolve().parents[2]
HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
AN_ID = "0" * 24
"""Names nothing, and is too old to be waited for."""


class _Nowhere:
    """The outside world of a service that is asked nonsense: whatever is called, `answer` is what comes of it."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*_: object, **__: object) -> Any:
            return self._answer()

        return call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


def _silent() -> Any:
    raise Silent("a service")


@dataclass(frozen=True, slots=True)
class Service:
    """`public`: what may be asked by anybody. `bodies`: a good body for each route that takes one."""

    name: str
    public: frozenset[str] = frozenset()
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outside: Callable[[], Mapping[str, Any]] = dict
    announces: bool = True

    @property
    def folder(self) -> Path:
        """Where it lives."""
        return ROOT / self.name

    @property
    def readme(self) -> str:
        """Its one page."""
        return (self.folder / "README.md").read_text()

    @property
    def settings(self) -> type[ServiceSettings]:
        """What it reads from the environment."""
        kind: type[ServiceSettings] = importlib.import_module(f"{self.name}.settings").Settings
        return kind

    @property
    def subscriptions(self) -> Mapping[EventType[Any], object]:
        """What it hears."""
        if not (self.folder / "src" / self.name / "listeners.py").exists():
            return {}
        heard: Mapping[EventType[Any], object] = importlib.import_module(f"{self.name}.listeners").SUBSCRIPTIONS
        return heard

    def app(self, kit: Kit | None = None) -> FastAPI:
        """Its app on fakes."""
        kit = kit or Kit(self.name)
        keys: dict[str, Any] = {"jwt_public_keys": kit.signer.public_key}
        if "jwt_private_key" in self.settings.model_fields:
            keys["jwt_private_key"] = kit.private_key
        create: Callable[..., FastAPI] = importlib.import_module(f"{self.name}.app").create_app
        return create(self.settings(environment="local", **keys), kit.parts, **self.outside())

    def routes(self) -> list["Route"]:
        """All that it answers, but for the platform's questions."""
        return list(_routes(self, self.app()))


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    service: Service
    method: str
    path: str
    context: RouteContext

    @property
    def name(self) -> str:
        """As the public list and the READMEs name it."""
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        """Whether anybody may ask."""
        return self.name in self.service.public

    @property
    def is_page(self) -> bool:
        """Whether it answers people rather than programs."""
        return not self.path.startswith("/api/")

    @property
    def body(self) -> Mapping[str, Any] | None:
        """A good body, if it takes one."""
        return self.service.bodies.get(self.name)

    def at(self, identity: str = AN_ID) -> str:
        """An address of it."""
        return self.path.replace("{id}", identity).replace("{name}", identity)


def _routes(service: Service, app: FastAPI) -> Iterator[Route]:
    for context in iter_route_contexts(app.routes):
        if context.path is not None and context.path not in HEALTH:
            for method in sorted((context.methods or set()) - {"HEAD"}):
                yield Route(service, method, context.path, context)


_ACCOUNT = {"email": "dana@example.com", "password": "correct horse battery"}
_TICKET = {"title": "Hozier", "price": 75.5}

SERVICES = (
    Service(
        "auth",
        public=frozenset(
            {
                "POST /api/users/signup",
                "POST /api/users/signin",
                "POST /api/users/signout",
                "GET /api/users/currentuser",
            }
        ),
        bodies={"POST /api/users/signup": _ACCOUNT, "POST /api/users/signin": _ACCOUNT},
        outside=lambda: {"passwords": Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))},
    ),
    Service(
        "tickets",
        public=frozenset({"GET /api/tickets", "GET /api/tickets/{id}"}),
        bodies={"POST /api/tickets": _TICKET, "PUT /api/tickets/{id}": _TICKET},
    ),
    Service("orders", bodies={"POST /api/orders": {"ticketId": AN_ID}}),
    Service(
        "payments",
        public=frozenset({"POST /api/payments/webhook"}),  # known by its signature
        bodies={
            "POST /api/payments": {"orderId": AN_ID, "token": "pm_card_visa"},
            "POST /api/payments/intents": {"orderId": AN_ID},
        },
        outside=lambda: {"gateway": _Nowhere(Unknown)},
    ),
    Service("expiration", outside=lambda: {"timer": MemoryTimer()}),
    Service(
        "client",
        public=frozenset(
            {
                "GET /",
                "GET /tickets/{id}",
                "GET /tickets/{id}/reserve",
                "GET /signin",
                "POST /signin",
                "GET /signup",
                "POST /signup",
                "POST /signout",
                "GET /orders/{id}/cancel",
                "GET /orders/{id}/extend",
                "GET /orders/{id}/paid",
                "GET /live",
                "GET /live/rows",
                "GET /live/new",
                "POST /sell/check",
                "GET /orders/{id}/back",  # leads to signing in, without what the bank added to the address
                "GET /static/{name}",
                "GET /manifest.webmanifest",
                "GET /sw.js",
                "GET /offline",
                "GET /favicon.ico",
                "GET /apple-touch-icon.png",
                "POST /theme",
                "POST /language",
            }
        ),
        outside=lambda: {"backend": _Nowhere(_silent)},
        announces=False,
    ),
    Service("emails", outside=lambda: {"sender": _Nowhere(lambda: None)}, announces=False),
)
