"""What nobody should send, on every route: each gets the contract's answer, in the one error shape."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from common.identity import Signer, encode_key
from common.mongo import new_id
from common.testing import Kit

from .conftest import Running
from .services import AN_ID, Route

TOO_LARGE = b"x" * (2 * 1024 * 1024)
NOT_JSON: list[bytes] = [
    b"",
    b"{",
    b"nonsense",
    b'{"title":}',
    b"\x00",
    b"\xff\xfe\x00",
    b'{"title": "\xc3\x28"}',
    b'{"title": NaN}',
    b'{"title": 1e9999999999}',
    '{"title": "Hozier", "price": 75}'.encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
]
NO_OBJECT = [b"[]", b'"text"', b"5", b"true", b"null", b"[{}]"]
NO_VALUE: list[Any] = [None, [], {}, True, ["a"], {"a": "b"}, "a\u0000b", "\ud800", "\u0000"]
BAD_IDS = [
    "nonsense",
    "0" * 23,
    "0" * 25,
    "g" * 24,
    "0" * 23 + "%00",
    "%00",
    "%ff" * 12,
    "0" * 23 + "%C3%28",
    "' or 1=1",
]
BAD_QUERIES = [
    "q=%00",
    "q=%ff%fe",
    "cursor=%00",
    "limit=%00",
    "limit=-1",
    "sort=%00",
    "a=" + "b" * 10_000,
    "&&&==%",
    "q[$ne]=1",
]
BAD_HEADERS: list[tuple[str, bytes]] = [
    ("Authorization", b"Bearer"),
    ("Authorization", b"Bearer \x00"),
    ("Authorization", b"Bearer \xff\xfe"),
    ("Authorization", b"Basic \xff"),
    ("Cookie", b"session="),
    ("Cookie", b"session=\x00; session=\xff"),
    ("Cookie", b"\xff\xfe=\xff"),
    ("If-Match", b"\x00\xff"),
    ("Idempotency-Key", b"\x00\xff"),
    ("X-Request-Id", b"\x00\r\xff"),
    ("traceparent", b"\xff"),
]


def wrong(route: Route, what: object, answer: Response, *expected: int) -> str | None:
    """What is not as it should be with an answer, in a line."""
    line = f"{route.name} {str(what)[:60]!r}: {answer.status_code} {answer.text[:120]!r}"
    if answer.status_code not in expected or "Traceback" in answer.text:
        return line
    if answer.status_code < 400 or (route.is_page and answer.headers["content-type"].startswith("text/html")):
        return None
    body = answer.json()
    proper = (
        answer.headers["content-type"] == "application/problem+json"
        and set(body) == {"type", "title", "status", "errors"}
        and body["status"] == answer.status_code
        and body["errors"]
        and all(set(one) <= {"message", "field"} and one["message"] for one in body["errors"])
    )
    return None if proper else line


def signed_in(kit: Kit) -> dict[str, str]:
    return kit.signed_in(AN_ID)


def forged(kit: Kit) -> Iterator[str]:
    """Tokens that nobody should have: expired, from the future, signed by others, changed, cut, or none at all."""
    good = kit.token(AN_ID)
    head, claims, signature = good.split(".")
    stranger = Signer(encode_key(secrets.token_bytes(32)), timedelta(days=7))
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    yield kit.signer.sign(AN_ID, "dana@example.com", kit.clock() - timedelta(days=7, seconds=61))
    yield kit.signer.sign(AN_ID, "dana@example.com", kit.clock() + timedelta(seconds=62))
    yield stranger.sign(AN_ID, "dana@example.com", kit.clock())
    yield ".".join((head, stranger.sign(new_id(), "eve@example.com", kit.clock()).split(".")[1], signature))
    yield ".".join((head, claims, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))
    yield f"{unsigned}.{claims}."
    yield from (f"{head}.{claims}", f"{head}.{claims}.", good[1:], good + "A", "..", ".", "nonsense", "x" * 20_000)


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(TOO_LARGE), 65536):
        yield TOO_LARGE[start : start + 65536]


async def test_bodies_that_are_no_json(running: Running) -> None:
    found = []
    for route in running.service.routes():
        if route.body is not None:
            for content in NOT_JSON + NO_OBJECT:
                headers = signed_in(running.kit) | {"Content-Type": "application/json"}
                answer = await running.client.request(route.method, route.at(), content=content, headers=headers)
                found.append(wrong(route, content, answer, 400))
    assert [one for one in found if one] == []


async def test_fields_of_the_wrong_type_are_named(running: Running) -> None:
    found = []
    for route in running.service.routes():
        for name in route.body or ():
            for value in NO_VALUE:
                body = json.dumps({**(route.body or {}), name: value})
                headers = signed_in(running.kit) | {"Content-Type": "application/json"}
                answer = await running.client.request(route.method, route.at(), content=body, headers=headers)
                found.append(wrong(route, (name, value), answer, 400))
                if [one.get("field") for one in answer.json().get("errors", ())] != [name]:
                    found.append(f"{route.name} does not name {name} alone, where it is {value!r}: {answer.text}")
    assert [one for one in found if one] == []


async def test_missing_fields_are_named(running: Running) -> None:
    for route in running.service.routes():
        if route.body is not None:
            answer = await running.client.request(route.method, route.at(), json={}, headers=signed_in(running.kit))
            assert answer.status_code == 400
            assert {one["field"] for one in answer.json()["errors"]} == set(route.body), route.name


async def test_two_mebibytes(running: Running) -> None:
    found = []
    for route in running.service.routes():
        headers = signed_in(running.kit) | {"Content-Type": "application/json"}
        answer = await running.client.request(route.method, route.at(), content=TOO_LARGE, headers=headers)
        found.append(wrong(route, "2 MiB", answer, 413))
        if route.body is not None:
            answer = await running.client.request(route.method, route.at(), content=pieces(), headers=headers)
            found.append(wrong(route, "2 MiB in pieces", answer, 413))
    assert [one for one in found if one] == []


async def test_ids_that_are_none(running: Running) -> None:
    found = []
    for route in running.service.routes():
        if "{id}" in route.path:
            for identity in BAD_IDS:
                answer = await running.client.request(
                    route.method, route.at(identity), json=route.body, headers=signed_in(running.kit)
                )
                found.append(wrong(route, identity, answer, 404 if route.is_page else 400))
    assert [one for one in found if one] == []


async def test_tokens_that_are_none(running: Running) -> None:
    """Whoever shows one is nobody: refused where somebody is asked for, and served as anybody elsewhere."""
    found = []
    for route in running.service.routes():
        for _ in range(2):  # the second answer is that of every other: the first may have made an account
            as_nobody = await running.client.request(route.method, route.at(), json=route.body)
        expected = as_nobody.status_code if route.is_public else 303 if route.is_page else 401
        for token in forged(running.kit):
            for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"session={token}"}):
                running.client.cookies.clear()
                answer = await running.client.request(route.method, route.at(), json=route.body, headers=headers)
                found.append(wrong(route, token, answer, expected))
    assert [one for one in found if one] == []


async def test_the_same_token_unforged_is_good(running: Running) -> None:
    for route in running.service.routes():
        answer = await running.client.request(route.method, route.at(), json=route.body, headers=signed_in(running.kit))
        running.client.cookies.clear()
        assert answer.status_code != 401, route.name
        assert not answer.headers.get("location", "").startswith("/signin"), route.name


@pytest.mark.parametrize("kind", ["query", "header"])
async def test_nonsense_beside_the_body(running: Running, kind: str) -> None:
    """Never our fault, whatever it is."""
    found = []
    for route in running.service.routes():
        for nonsense in BAD_QUERIES if kind == "query" else BAD_HEADERS:
            path = f"{route.at()}?{nonsense}" if kind == "query" else route.at()
            headers = dict([nonsense]) if isinstance(nonsense, tuple) else {}
            answer = await running.client.request(
                route.method, path, json=route.body, headers=signed_in(running.kit) | headers
            )
            running.client.cookies.clear()
            found.append(wrong(route, nonsense, answer, *range(200, 500), *([503] if route.is_page else [])))
    assert [one for one in found if one] == []
