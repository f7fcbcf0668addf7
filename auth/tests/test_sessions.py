"""Who is asking: the cookie, what it says, and its end."""

from typing import Any

import pytest
from httpx import AsyncClient

from common.testing import Kit

from .factories import credentials, session_cookie

NOBODY = {"currentUser": None}


async def test_the_session_says_who_is_asking(api: AsyncClient, kit: Kit) -> None:
    answer = await api.post("/api/users/signup", json=credentials())
    user = answer.json() | {"iat": int(kit.clock().timestamp())}
    mine = await api.get("/api/users/currentuser")
    assert (mine.status_code, mine.json()) == (200, {"currentUser": user})
    assert mine.headers["content-type"] == "application/json"
    assert mine.headers["cache-control"] == "no-store"
    token = session_cookie(answer).value
    api.cookies.clear()
    bearer = await api.get("/api/users/currentuser", headers={"Authorization": f"Bearer {token}"})
    assert bearer.json() == {"currentUser": user}


async def test_nobody_is_null(api: AsyncClient) -> None:
    answer = await api.get("/api/users/currentuser")
    assert (answer.status_code, answer.json()) == (200, NOBODY)


async def test_a_forged_session_is_nobodys(api: AsyncClient, kit: Kit) -> None:
    header, claims, signature = kit.token("a" * 24).split(".")
    _, others, _ = kit.token("b" * 24).split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    for forged in (
        f"{header}.{others}.{signature}",
        f"{unsigned}.{claims}.",
        f"{header}.{claims}",
        "nonsense",
        "é",
        "",
    ):
        for headers in ({"Cookie": f"session={forged}".encode()}, {"Authorization": f"Bearer {forged}".encode()}):
            answer = await api.get("/api/users/currentuser", headers=headers)
            assert (answer.status_code, answer.json()) == (200, NOBODY)


async def test_a_session_by_another_key_is_nobodys(api: AsyncClient) -> None:
    cookie = {"Cookie": f"session={Kit('other').token('a' * 24)}"}
    assert (await api.get("/api/users/currentuser", headers=cookie)).json() == NOBODY


async def test_a_session_ends(api: AsyncClient, kit: Kit) -> None:
    await api.post("/api/users/signup", json=credentials())
    kit.clock.advance(3600 - 1)
    assert (await api.get("/api/users/currentuser")).json() != NOBODY
    kit.clock.advance(62)
    assert (await api.get("/api/users/currentuser")).json() == NOBODY


async def test_who_is_asking_costs_no_query(api: AsyncClient, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.post("/api/users/signup", json=credentials())
    monkeypatch.setattr(type(kit.database["users"]), "find", None)
    monkeypatch.setattr(type(kit.database["users"]), "find_one", None)
    assert (await api.get("/api/users/currentuser")).json() != NOBODY


@pytest.mark.parametrize(("scheme", "secure"), [("http", ""), ("https", True)])
async def test_the_cookie(api: AsyncClient, scheme: str, secure: Any) -> None:
    for path in ("signup", "signin"):
        answer = await api.post(f"{scheme}://ticketing.test/api/users/{path}", json=credentials())
        cookie = session_cookie(answer)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
        assert (cookie["max-age"], cookie["secure"], cookie["domain"]) == ("3600", secure, "")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_signing_out_takes_the_cookie_away(api: AsyncClient, scheme: str) -> None:
    site = f"{scheme}://ticketing.test/api/users"
    given = session_cookie(await api.post(f"{site}/signup", json=credentials()))
    answer = await api.post(f"{site}/signout")
    assert (answer.status_code, answer.json()) == (200, {})
    taken = session_cookie(answer)
    assert (taken.value, taken["max-age"]) == ("", "0")
    for attribute in ("httponly", "samesite", "path", "secure", "domain"):
        assert taken[attribute] == given[attribute]
    assert (await api.get(f"{site}/currentuser")).json() == NOBODY
    assert (await api.post(f"{site}/signout")).status_code == 200
