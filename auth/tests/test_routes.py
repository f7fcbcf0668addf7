"""The contract of /api/users, by its answers."""

import asyncio
import json
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient, Response

from auth.app import create_app
from auth.passwords import Passwords
from auth.settings import Settings
from common.events import USER_CREATED
from common.testing import Kit, serving

from .conftest import QUICK
from .factories import EMAIL, PASSWORD, credentials, session_cookie, sign_in, sign_up


async def test_signing_up_makes_an_account_and_signs_in(api: AsyncClient, kit: Kit) -> None:
    answer = await api.post("/api/users/signup", json={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (201, {"id": answer.json()["id"], "email": EMAIL})
    user = kit.verifier.verify(session_cookie(answer).value)
    assert user is not None
    assert (user.id, user.email, user.exp - user.iat) == (answer.json()["id"], EMAIL, 3600)
    await kit.settle()
    (event,) = kit.bus.events(USER_CREATED)
    assert event.data.model_dump() == {"id": user.id, "email": EMAIL, "version": 0}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Dana@Example.COM ", EMAIL),
        ("dana+tickets@example.com", "dana+tickets@example.com"),
        ("dana@bücher.example", "dana@xn--bcher-kva.example"),
        ("dana@shop.test", "dana@shop.test"),
        (f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.com", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.com"),
    ],
)
async def test_an_address_has_one_spelling(api: AsyncClient, typed: str, kept: str) -> None:
    assert (await sign_up(api, typed))["email"] == kept
    assert (await sign_in(api, typed.swapcase())).json()["email"] == kept


@pytest.mark.parametrize("typed", [EMAIL, "DANA@example.com", " dana@EXAMPLE.com"])
async def test_an_address_is_one_account(api: AsyncClient, kit: Kit, typed: str) -> None:
    await sign_up(api)
    answer = await api.post("/api/users/signup", json={"email": typed, "password": "another password"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == "email"
    assert "email in use" in error["message"].lower()
    assert "set-cookie" not in answer.headers
    assert (await sign_in(api)).status_code == 200
    await kit.settle()
    assert len(kit.bus.events(USER_CREATED)) == 1


async def test_of_two_at_once_one_gets_the_address(api: AsyncClient, kit: Kit) -> None:
    body = {"email": EMAIL, "password": PASSWORD}
    answers = await asyncio.gather(*(api.post("/api/users/signup", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]
    assert await kit.database["users"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": "dana", "password": PASSWORD}, ["email"]),
        ({"email": "dana@nowhere", "password": PASSWORD}, ["email"]),
        ({"email": "Dana <dana@example.com>", "password": PASSWORD}, ["email"]),
        ({"email": "dana@example.com\nBcc: all@example.com", "password": PASSWORD}, ["email"]),
        ({"email": "da\u0000na@example.com", "password": PASSWORD}, ["email"]),
        ({"email": "\ud800@example.com", "password": PASSWORD}, ["email"]),
        ({"email": "dána@example.com", "password": PASSWORD}, ["email"]),
        ({"email": f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.com", "password": PASSWORD}, ["email"]),
        ({"email": ["dana@example.com"], "password": PASSWORD}, ["email"]),
        ({"email": {"$gt": ""}, "password": {"$gt": ""}}, ["email", "password"]),
        ({"email": EMAIL, "password": "seven77"}, ["password"]),
        ({"email": EMAIL, "password": "x" * 129}, ["password"]),
        ({"email": EMAIL, "password": "a\u0000password"}, ["password"]),
        ({"email": EMAIL, "password": "\ud800 a password"}, ["password"]),
        ({"email": EMAIL, "password": 12345678}, ["password"]),
        ({"email": EMAIL}, ["password"]),
        ({}, ["email", "password"]),
    ],
)
async def test_each_bad_field_is_named(api: AsyncClient, body: Any, fields: list[str]) -> None:
    answer = await post_escaped(api, "/api/users/signup", body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert "set-cookie" not in answer.headers


async def post_escaped(api: AsyncClient, path: str, body: Any) -> Response:
    """Everything beyond ASCII goes out escaped, so half a surrogate pair gets through."""
    return await api.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("password", ["x" * 8, "x" * 128, "пароль №1 🎟", "  spaces  "])
async def test_passwords_that_are_taken(api: AsyncClient, password: str) -> None:
    await sign_up(api, password=password)
    assert (await sign_in(api, password=password)).status_code == 200
    assert (await sign_in(api, password=password[:-1])).status_code == 400


async def test_signing_in(api: AsyncClient, kit: Kit) -> None:
    user = await sign_up(api)
    answer = await sign_in(api)
    assert (answer.status_code, answer.json()) == (200, user)
    found = kit.verifier.verify(session_cookie(answer).value)
    assert found is not None
    assert found.id == user["id"]


async def test_nobody_learns_whether_there_is_an_account(kit: Kit, settings: Settings) -> None:
    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    async with serving(create_app(settings, kit.parts, Passwords(hasher))) as api:
        await sign_up(api)
        hasher.verified.clear()
        wrong = await sign_in(api, password="not her password")
        unknown = await sign_in(api, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json() == unknown.json()
    assert "field" not in wrong.json()["errors"][0]
    assert "set-cookie" not in wrong.headers
    known_work, unknown_work = (one.rsplit("$", 2)[0] for one in hasher.verified)
    assert known_work == unknown_work


class CountingHasher(PasswordHasher):
    """Remembers what it verified against."""

    verified: list[str]

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.verified = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:  # noqa: A002 (its name there)
        self.verified.append(str(hash))
        return super().verify(hash, password)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": "dana", "password": PASSWORD}, ["email"]),
        ({"email": EMAIL, "password": ""}, ["password"]),
        ({"email": EMAIL, "password": "x" * 129}, ["password"]),
        ({"email": EMAIL, "password": {"$ne": 1}}, ["password"]),
        ({"email": EMAIL, "password": "\ud800"}, ["password"]),
        ([], [None]),
    ],
)
async def test_what_cannot_be_signed_in_with(api: AsyncClient, body: Any, fields: list[str | None]) -> None:
    answer = await post_escaped(api, "/api/users/signin", body)
    assert answer.status_code == 400
    assert [error.get("field") for error in answer.json()["errors"]] == fields


async def test_an_old_hash_is_renewed_at_sign_in(api: AsyncClient, kit: Kit) -> None:
    user = await sign_up(api)
    users = kit.database["users"]
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    await users.update_one({}, {"$set": {"password_hash": old}})
    await sign_in(api, password="not her password")
    assert (await users.find_one())["password_hash"] == old
    assert (await sign_in(api)).json() == user
    document = await users.find_one()
    assert not QUICK.check_needs_rehash(document["password_hash"])
    assert document["version"] == 1
    assert (await sign_in(api)).json() == user
    assert (await users.find_one())["version"] == 1


async def test_a_renewal_never_brings_an_old_password_back(kit: Kit, settings: Settings) -> None:
    """The password changes while the old one is being checked and hashed anew."""

    class Slow(Passwords):
        async def check(self, password: str, password_hash: str | None) -> Any:
            checked = await super().check(password, password_hash)
            await kit.database["users"].update_one({}, {"$set": {"password_hash": new}, "$inc": {"version": 1}})
            return checked

    new = QUICK.hash("her new password")
    async with serving(create_app(settings, kit.parts, Slow(QUICK))) as api:
        await sign_up(api)
        old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
        await kit.database["users"].update_one({}, {"$set": {"password_hash": old}})
        await sign_in(api)
    assert (await kit.database["users"].find_one())["password_hash"] == new


async def test_when_too_many_wait_the_next_is_told_to_come_back(kit: Kit, settings: Settings) -> None:
    async with serving(create_app(settings, kit.parts, Passwords(QUICK, waiting=0))) as api:
        for answer in (await sign_in(api), await api.post("/api/users/signup", json=credentials())):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == "application/problem+json"


async def test_logs_tell_no_secret(kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(environment="local", jwt_private_key=kit.private_key, log_level="debug")
    async with serving(create_app(settings, kit.parts, Passwords(QUICK))) as api:
        answer = await api.post("/api/users/signup", json=credentials())
        await sign_in(api)
        await sign_in(api, password=f"{PASSWORD}, wrong")
        await api.post("/api/users/signup", json=credentials())
        await api.post("/api/users/signup", json=credentials(email=PASSWORD))
        await api.get("/api/users/currentuser")
        await kit.database["users"].update_one({}, {"$set": {"password_hash": "not a hash"}})
        assert (await sign_in(api)).status_code == 500
        await api.post("/api/users/signout")
    logged = "".join(capsys.readouterr())
    assert "request failed" in logged
    for secret in (PASSWORD, session_cookie(answer).value, kit.private_key, "not a hash", "argon2id"):
        assert secret not in logged


async def test_every_account_can_be_announced(api: AsyncClient, kit: Kit) -> None:
    users = [await sign_up(api, f"{number}@example.com") for number in range(3)]
    await kit.settle()
    kit.bus.published.clear()
    assert await api._transport.app.state.service.announce() == 3  # type: ignore[attr-defined]
    await kit.settle()
    assert [event.data.id for event in kit.bus.events(USER_CREATED)] == [user["id"] for user in users]
