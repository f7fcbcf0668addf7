"""Password hashes: argon2id (RFC 9106) on threads of its own, so that no request waits for another's 15 ms."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from prometheus_client import Counter

from .errors import Busy

THREADS = 2
WAITING = 128
"""Jobs in hand or waiting; at 15 ms each on two threads, about a second of them."""

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)

_refused = Counter("passwords_refused_busy", "Sign-ups and sign-ins refused because too many waited")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the password was right; `renewed` is its new hash where the old one was made with other parameters."""

    right: bool
    renewed: str | None = None


class Passwords:
    """Hashes and checks, a bounded number at a time; an asynchronous context manager that ends its threads."""

    def __init__(self, hasher: PasswordHasher = HASHER, *, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._limit = waiting
        self._jobs = 0
        self._nobody = hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """The hash to keep, with its parameters and salt in it; `Busy` where too many wait."""
        return await self._run(lambda: self._hasher.hash(_same(password)))

    async def check(self, password: str, password_hash: str | None) -> Checked:
        """Whether the password has this hash. Without one it takes as long, and is wrong; `Busy` as for `hash`."""
        return await self._run(lambda: self._check(_same(password), password_hash))

    def _check(self, password: str, password_hash: str | None) -> Checked:
        known = password_hash or self._nobody
        try:
            self._hasher.verify(known, password)
        except VerifyMismatchError:
            return Checked(right=False)
        outdated = self._hasher.check_needs_rehash(known)
        return Checked(right=True, renewed=self._hasher.hash(password) if outdated else None)

    async def _run(self, job: Callable[[], T]) -> T:
        if self._jobs >= self._limit:
            _refused.inc()
            raise Busy
        self._jobs += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, job)
        future.add_done_callback(self._done)
        return await future

    def _done(self, _: object) -> None:
        self._jobs -= 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)


def _same(password: str) -> str:
    """One form for what looks the same: keyboards compose an é differently."""
    return unicodedata.normalize("NFC", password)
