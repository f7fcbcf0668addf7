"""The HTTP side that all services share."""

from .app import Provided, create_base_app
from .commands import run_command
from .exact import api_router
from .fields import PRINTABLE, Body, Id, Moment, PathId, Price, Text, cents, price
from .identity import COOKIE, CurrentUser, MaybeUser, token_of
from .parts import Parts, Subscriptions

__all__ = [
    "COOKIE",
    "PRINTABLE",
    "Body",
    "CurrentUser",
    "Id",
    "MaybeUser",
    "Moment",
    "Parts",
    "PathId",
    "Price",
    "Provided",
    "Subscriptions",
    "Text",
    "api_router",
    "cents",
    "create_base_app",
    "price",
    "run_command",
    "token_of",
]
