"""The base app by its answers: the one error shape, limits, health, identity, and what the log says."""

import logging
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated

import pytest
from fastapi import Query
from httpx import AsyncClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError, WaitQueueTimeoutError, WriteConcernError

from common.errors import Conflict, FieldError, InvalidMany, NotFound, PreconditionFailed, Unavailable
from common.settings import ServiceSettings
from common.testing import Kit, serving
from common.web import Body, CurrentUser, Id, MaybeUser, PathId, Price, Provided, Text, api_router, create_base_app

router = api_router("/api/things", "things")
ERRORS = {
    "not-found": NotFound("No such thing."),
    "conflict": Conflict(),
    "stale": PreconditionFailed(),
    "unavailable": Unavailable(),
    "many": InvalidMany([FieldError("is too long", "title"), FieldError("is missing", "price")]),
    "outage": ServerSelectionTimeoutError("mongodb://orders:hunter2@db down"),
    "no connection free": WaitQueueTimeoutError("Timed out while checking out a connection"),
    "no majority has it": WriteConcernError("operation was interrupted", 11602),
    "no keys yet": OperationFailure("No keys found for HMAC that is valid for time", 211),
    "bad query": OperationFailure("unknown operator: hunter2", 2),
    "fault": RuntimeError("hunter2"),
}


class Thing(Body):
    owner_id: Id
    name: Text
    price: Price


@router.post("")
async def make(body: Thing) -> Thing:
    assert isinstance(body.price, Decimal)
    return body


@router.get("/errors/{name}")
async def fail(name: str) -> None:
    raise ERRORS[name]


@router.get("/me")
async def me(user: CurrentUser, words: Annotated[str, Provided]) -> str:
    return f"{user.email} {words}"


@router.get("/anybody")
async def anybody(user: MaybeUser) -> str | None:
    return user and user.id


@router.get("/{id}")
async def one(identity: PathId, page: Annotated[int, Query(ge=1)] = 1) -> str:
    return f"{identity} {page}"


@pytest.fixture
def kit() -> Kit:
    return Kit("things")


@pytest.fixture
def checks() -> list[str]:
    """Names of the parts that are down."""
    return []


@pytest.fixture
async def api(kit: Kit, checks: list[str]) -> AsyncIterator[AsyncClient]:
    async def check() -> None:
        if "mongo" in checks:
            raise ServerSelectionTimeoutError("down")

    app = create_base_app(
        ServiceSettings(environment="local"),
        name="things",
        routers=[router],
        service="hello",
        parts=kit.parts,
        verifier=kit.verifier,
        checks={"mongo": check},
    )
    async with serving(app) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "status", "errors"),
    [
        ("not-found", 404, [{"message": "No such thing."}]),
        ("conflict", 409, [{"message": "Too many changes at once. Try again."}]),
        ("stale", 412, [{"message": "It has changed since you read it."}]),
        ("unavailable", 503, [{"message": Unavailable.sentence}]),
        ("outage", 503, [{"message": Unavailable.sentence}]),
        ("no connection free", 503, [{"message": Unavailable.sentence}]),
        ("no majority has it", 503, [{"message": Unavailable.sentence}]),
        ("no keys yet", 503, [{"message": Unavailable.sentence}]),
        ("bad query", 500, [{"message": "Something failed on our side. It has been noted."}]),
        ("fault", 500, [{"message": "Something failed on our side. It has been noted."}]),
        ("many", 400, [{"message": "is too long", "field": "title"}, {"message": "is missing", "field": "price"}]),
    ],
)
async def test_every_error_has_one_shape(api: AsyncClient, name: str, status: int, errors: list[object]) -> None:
    answer = await api.get(f"/api/things/errors/{name}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.pop("type").startswith("urn:ticketing:problem:")
    assert body == {"title": errors[0]["message"], "status": status, "errors": errors}  # type: ignore[index]
    assert "hunter2" not in answer.text


async def test_a_fault_is_logged_with_its_trace(api: AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    await api.get("/api/things/errors/fault")
    assert any(record.exc_info and record.levelno == logging.ERROR for record in caplog.records)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/api/things/me", 405)])
async def test_unknown_addresses_and_methods(api: AsyncClient, method: str, path: str, status: int) -> None:
    answer = await api.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"price": NaN}',
        b"null",
        b"[]",
        b'"x"',
        b"\x00",
    ],
)
async def test_a_body_that_is_none(api: AsyncClient, content: bytes) -> None:
    answer = await api.post("/api/things", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_a_body_of_another_type_is_refused(api: AsyncClient) -> None:
    assert (await api.post("/api/things", data={"name": "x"})).status_code == 400


GOOD = '{"ownerId": "5EE0c0c0c0c0c0c0c0c0c0c0", "name": "é", "price": 19.99, "more": {"is": "ignored"}}'


async def test_members_are_camel_case_and_unknown_ones_ignored(api: AsyncClient) -> None:
    answer = await api.post("/api/things", content=GOOD.encode(), headers={"Content-Type": "application/json"})
    assert answer.json() == {"ownerId": "5ee0c0c0c0c0c0c0c0c0c0c0", "name": "é", "price": 19.99}


@pytest.mark.parametrize(
    ("name", "shown"), [('"a\\u0000b"', "name"), ('"a\\nb"', "name"), ('"\\ud800"', "name"), ("7", "name")]
)
async def test_text_is_text(api: AsyncClient, name: str, shown: str) -> None:
    content = GOOD.replace('"é"', name).encode()
    answer = await api.post("/api/things", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [shown]


async def test_each_bad_field_has_its_entry(api: AsyncClient) -> None:
    answer = await api.post("/api/things", json={"ownerId": "x", "price": "1.999"})
    assert [error["field"] for error in answer.json()["errors"]] == ["ownerId", "name", "price"]
    assert answer.json()["errors"][1]["message"] == "name is missing"


@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/things/xyz", "id"), ("/api/things/%00", "id"), (f"/api/things/{'a' * 24}?page=x", "page")],
)
async def test_bad_paths_and_queries_name_their_field(api: AsyncClient, path: str, field: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65536):
        yield b" " * 65536


@pytest.mark.parametrize("path", ["/api/things", "/api/things/me", "/nowhere"])
async def test_two_mebibytes_are_too_large(api: AsyncClient, path: str) -> None:
    answer = await api.post(path, content=b" " * 2 * 1024 * 1024)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_a_body_without_its_length_is_measured(api: AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.post("/api/things", content=chunks(2 * 1024 * 1024), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_who_is_asking(api: AsyncClient, kit: Kit) -> None:
    bearer = kit.signed_in("5ee0c0c0c0c0c0c0c0c0c0c0", "a@example.com")
    cookie = {"Cookie": f"session={kit.token('5ee0c0c0c0c0c0c0c0c0c0c0', 'b@example.com')}"}
    assert (await api.get("/api/things/me", headers=bearer)).json() == "a@example.com hello"
    assert (await api.get("/api/things/me", headers=cookie)).json() == "b@example.com hello"
    assert (await api.get("/api/things/me", headers=cookie | bearer)).json() == "a@example.com hello"
    assert (await api.get("/api/things/me")).status_code == 401
    assert (await api.get("/api/things/anybody")).json() is None


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic abc", "bearer  ", "Bearer \xff\xfe"])
async def test_a_token_that_is_none_is_nobody(api: AsyncClient, header: str) -> None:
    answer = await api.get("/api/things/me", headers={"Authorization": header.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401


async def test_every_answer_names_its_request(api: AsyncClient) -> None:
    given = await api.get("/api/things/anybody", headers={"X-Request-Id": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    assert given.headers["x-content-type-options"] == "nosniff"
    made = await api.get("/nowhere", headers={"X-Request-Id": "a b\tc"})
    assert len(made.headers["x-request-id"]) == 16


async def test_alive_whatever_else_is_down(api: AsyncClient, checks: list[str]) -> None:
    assert (await api.get("/readyz")).json() == {"status": "ok", "parts": {"mongo": "ok"}}
    checks.append("mongo")
    assert (await api.get("/livez")).status_code == 200
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "parts": {"mongo": "down"}})


async def test_metrics_count_by_route_not_by_address(api: AsyncClient) -> None:
    await api.get(f"/api/things/{'a' * 24}")
    await api.get("/nowhere/at/all")
    text = (await api.get("/metrics")).text
    assert 'http_request_seconds_count{method="GET",route="/api/things/{id}",status="200"}' in text
    assert "/nowhere/at/all" not in text
    assert "a" * 24 not in text
