"""Hashing: how strong, how many at once, and never on the loop."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from auth.errors import Busy
from auth.passwords import Checked, Passwords

from .conftest import QUICK


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    async with Passwords(QUICK) as made:
        yield made


async def test_the_parameters_are_those_of_the_design() -> None:
    async with Passwords() as passwords:
        hashed = await passwords.hash("a password")
        found = extract_parameters(hashed)
        assert hashed.startswith("$argon2id$")
        assert (found.memory_cost, found.time_cost, found.parallelism) == (19_456, 2, 1)
        assert await passwords.check("a password", hashed) == Checked(right=True)


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("a password") != await passwords.hash("a password")


@pytest.mark.parametrize(("password", "right"), [("a password", True), ("A password", False), ("", False)])
async def test_checking(passwords: Passwords, password: str, right: bool) -> None:
    hashed = await passwords.hash("a password")
    assert await passwords.check(password, hashed) == Checked(right=right)
    assert await passwords.check(password, None) == Checked(right=False)


async def test_however_an_accent_is_typed_it_is_the_same(passwords: Passwords) -> None:
    hashed = await passwords.hash("caf\u00e9 society")
    assert (await passwords.check("cafe\u0301 society", hashed)).right


async def test_an_outdated_hash_is_renewed_only_for_the_right_password(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=3, memory_cost=8, parallelism=1).hash("a password")
    assert await passwords.check("another", old) == Checked(right=False)
    checked = await passwords.check("a password", old)
    assert checked.renewed is not None
    assert await passwords.check("a password", checked.renewed) == Checked(right=True)


class Gate(PasswordHasher):
    """Holds every job until it is opened, and counts those inside."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.opened = threading.Event()
        self.opened.set()
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.opened.wait(10)
        with self._lock:
            self.inside -= 1
        return super().hash(password, salt=salt)


async def test_few_run_some_wait_the_rest_are_refused_and_the_loop_is_free() -> None:
    gate = Gate()
    async with Passwords(gate, threads=2, waiting=5) as passwords:
        gate.opened.clear()
        jobs = [asyncio.create_task(passwords.hash("a password")) for _ in range(8)]
        await asyncio.sleep(0.05)
        refused = [job for job in jobs if job.done()]
        assert [type(job.exception()) for job in refused] == [Busy] * 3
        assert gate.inside == 2
        gate.opened.set()
        await asyncio.gather(*(job for job in jobs if job not in refused))
        assert gate.most == 2
        assert await passwords.hash("there is room again")


async def test_who_gives_up_waiting_makes_room() -> None:
    gate = Gate()
    async with Passwords(gate, threads=1, waiting=2) as passwords:
        gate.opened.clear()
        first, second = (asyncio.create_task(passwords.hash("a password")) for _ in range(2))
        await asyncio.sleep(0.01)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        third = asyncio.create_task(passwords.hash("a password"))
        gate.opened.set()
        assert await first
        assert await third
