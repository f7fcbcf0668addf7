"""Who is asking, as a parameter: `user: CurrentUser` (401 for nobody) or `user: MaybeUser`."""

from typing import Annotated

from fastapi import Depends, Request

from common.errors import NotSignedIn
from common.identity import User, Verifier

COOKIE = "session"


def token_of(request: Request) -> str | None:
    """The token in `Authorization: Bearer`, or in the session cookie."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return request.cookies.get(COOKIE)


async def maybe_user(request: Request) -> User | None:
    """Who is signed in, if anybody."""
    token = token_of(request)
    verifier: Verifier = request.app.state.verifier
    return verifier.verify(token) if token else None


async def current_user(user: Annotated[User | None, Depends(maybe_user)]) -> User:
    """Who is signed in; 401 where nobody is."""
    if user is None:
        raise NotSignedIn
    return user


CurrentUser = Annotated[User, Depends(current_user)]
MaybeUser = Annotated[User | None, Depends(maybe_user)]
