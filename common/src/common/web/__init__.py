"""The HTTP side that all services share."""

from .app import Provided, create_base_app
from .backup import Announce, backup, restoring, silent
from .commands import run_command
from .exact import api_router
from .fields import PRINTABLE, Body, Id, Moment, PathId, Price, Text, cents, price
from .identity import COOKIE, CurrentUser, MaybeUser, token_of
from .parts import Parts, Subscriptions
from .state import Line, framed, heard, owned, report, task

__all__ = [
    "COOKIE",
    "PRINTABLE",
    "Announce",
    "Body",
    "CurrentUser",
    "Id",
    "Line",
    "MaybeUser",
    "Moment",
    "Parts",
    "PathId",
    "Price",
    "Provided",
    "Subscriptions",
    "Text",
    "api_router",
    "backup",
    "cents",
    "create_base_app",
    "framed",
    "heard",
    "owned",
    "price",
    "report",
    "restoring",
    "run_command",
    "silent",
    "task",
    "token_of",
]
