"""Things that tests need, with what matters given."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

from httpx import AsyncClient, Response

EMAIL, PASSWORD = "dana@example.com", "a password of hers"


def credentials(**overrides: Any) -> dict[str, Any]:
    """What is sent to sign up or in."""
    return {"email": EMAIL, "password": PASSWORD} | overrides


async def sign_up(api: AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
    """A new account, as the API gives it; the client is left signed out."""
    answer = await api.post("/api/users/signup", json={"email": email, "password": password})
    assert answer.status_code == 201, answer.text
    api.cookies.clear()
    user: dict[str, Any] = answer.json()
    return user


async def sign_in(api: AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> Response:
    """The answer to signing in."""
    return await api.post("/api/users/signin", json={"email": email, "password": password})


def session_cookie(answer: Response) -> Morsel[str]:
    """The cookie that an answer sets."""
    (header,) = answer.headers.get_list("set-cookie")
    return SimpleCookie(header)["session"]
