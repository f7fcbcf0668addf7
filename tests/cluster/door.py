"""The way in that everybody has: the shop's public address, through the ingress."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy

from httpx import AsyncBaseTransport, AsyncClient, AsyncHTTPTransport, Limits, Request, Response

from tests.e2e.people import PASSWORD, Person, created

from .options import Options

_LIMITS = Limits(max_connections=100, max_keepalive_connections=50)
_WITHIN = 30.0
_AT_ONCE = 4


class Through(AsyncBaseTransport):
    """Connects to one place, asking there for the name of the address: as if a hosts file said so."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._host, self._port = place
        # Whose certificate it is does not matter here: a laptop's is its own.
        self._inner = AsyncHTTPTransport(verify=False, limits=_LIMITS)

    async def handle_async_request(self, request: Request) -> Response:
        """The same request, elsewhere; its Host header is that of the address."""
        moved = Request(
            request.method,
            request.url.copy_with(host=self._host, port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return await self._inner.handle_async_request(moved)

    async def aclose(self) -> None:
        """Hangs up."""
        await self._inner.aclose()


@asynccontextmanager
async def door(options: Options, *, forgetful: bool = False) -> AsyncIterator[AsyncClient]:
    """A browser of its own; a forgetful one keeps no cookies, for many people who show their own tokens."""
    async with AsyncClient(base_url=options.url, timeout=_WITHIN, transport=Through(options.place)) as client:
        if forgetful:
            client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        yield client


@asynccontextmanager
async def newcomer(options: Options) -> AsyncIterator[Person]:
    """Somebody who has just signed up, with a browser of their own."""
    async with door(options) as api:
        email = f"{secrets.token_hex(6)}@example.com"
        created(await api.post("/api/users/signup", json={"email": email, "password": PASSWORD}))
        yield Person(email, api)


async def sign_up(client: AsyncClient, count: int) -> Sequence[tuple[str, str, str]]:
    """So many new people: the id, address and token of each."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one() -> tuple[str, str, str]:
        email = f"{secrets.token_hex(6)}@example.com"
        async with turn:
            answer = await client.post("/api/users/signup", json={"email": email, "password": PASSWORD})
        return created(answer)["id"], email, answer.cookies["session"]

    return await asyncio.gather(*(one() for _ in range(count)))
