"""A session: a signed token in a cookie that scripts cannot read and other sites cannot post with."""

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Request, Response

from common.clock import Clock
from common.identity import Signer
from common.web import COOKIE

from .domain import User


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in, by this token, for so long."""

    user: User
    token: str = field(repr=False)
    lifetime: timedelta

    def put(self, request: Request, response: Response) -> None:
        """Sets the cookie; over https (as the proxy in front of us says) it never leaves https again."""
        seconds = int(self.lifetime.total_seconds())
        response.set_cookie(COOKIE, self.token, max_age=seconds, path="/", secure=_https(request), httponly=True)


class Tokens:
    """Begins sessions; the only one that can."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock

    def begin(self, user: User) -> Session:
        """A session of this user, from now on."""
        return Session(user, self._signer.sign(user.id, user.email, self._clock()), self._signer.lifetime)


def clear(request: Request, response: Response) -> None:
    """Takes the cookie away: the browser forgets one only by the same attributes."""
    response.delete_cookie(COOKIE, path="/", secure=_https(request), httponly=True)


def _https(request: Request) -> bool:
    return bool(request.scope["scheme"] == "https")
