"""The one place that builds and joins the parts of auth."""

from fastapi import FastAPI

from common.identity import Verifier
from common.web import Parts, create_base_app

from .passwords import Passwords
from .routes import bare_router, router
from .service import Users
from .settings import Settings
from .store import UserStore
from .tokens import Tokens


def create_service(settings: Settings, parts: Parts, passwords: Passwords | None = None) -> Users:
    """The use cases on these parts, without HTTP: what the operator's commands need."""
    store = UserStore(parts.database, parts.relay, parts.clock)
    passwords = passwords or Passwords()
    parts.index(store.indexes)
    parts.add(passwords)
    return Users(store, passwords, Tokens(settings.signer(), parts.clock))


def create_app(settings: Settings, parts: Parts | None = None, passwords: Passwords | None = None) -> FastAPI:
    """The service; a test hands in fake parts."""
    parts = parts or Parts.real("auth", settings)
    return create_base_app(
        settings,
        name="auth",
        routers=[bare_router, router],
        service=create_service(settings, parts, passwords),
        parts=parts,
        verifier=Verifier(settings.verifying_keys(), parts.clock),
        checks=parts.checks,
    )
