"""Caddy as the stack configures it, before small servers that say what they were asked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from infra.local import gateway, process
from infra.local.layout import Layout
from infra.local.ports import HOST, is_free
from infra.local.settings import HTTPS_OFFSET
from infra.local.testing import free_port

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

DEAD = 9
"""Nothing listens on the discard port."""


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request with its own first line and headers."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = json.dumps({"asked": first, "headers": headers}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nServer: echo\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    writer.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def upstream() -> AsyncIterator[int]:
    async with await asyncio.start_server(echo, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory, upstream: int) -> AsyncIterator[httpx.AsyncClient]:
    assert is_free(DEAD)
    layout = Layout(tmp_path_factory.mktemp("gateway") / "stack")
    layout.claim()
    port = free_port()
    upstreams = {"client": [upstream], "tickets": [DEAD, upstream], "orders": [DEAD]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gateway, "PATIENCE", "300ms")
        part = gateway.part(layout, port, port + HTTPS_OFFSET, upstreams, {}, needs=())
    running = await process.spawn(part, layout, {})
    try:
        async with asyncio.timeout(10):
            while not await part.ready(running.pid):
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=10, verify=False) as client:  # noqa: S501
            yield client
    finally:
        await process.end(running, grace=5)


async def test_what_is_for_operators_does_not_exist_outside(browser: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/livez", "/readyz", "/metrics/", "//metrics", "/%6detrics", "/METRICS"):
        answer = await browser.get(f"{browser.base_url}".rstrip("/") + path)
        assert answer.json()["asked"] == "GET /nothing-here HTTP/1.1", path
    assert (await browser.get("/metrics-of-mine")).json()["asked"] == "GET /metrics-of-mine HTTP/1.1"


async def test_no_server_says_its_name(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/api/tickets", "/api/orders"):
        answer = await browser.get(path)
        assert not {"server", "via"} & set(answer.headers), path


async def test_nobody_chooses_where_they_seem_to_come_from(browser: httpx.AsyncClient) -> None:
    forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}
    headers = (await browser.get("/", headers=forged)).json()["headers"]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (HOST, "http")


async def test_a_request_that_never_reached_a_dead_process_goes_to_a_living_one(browser: httpx.AsyncClient) -> None:
    answers = [await browser.post("/api/tickets", json={}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 6


async def test_what_is_down_is_answered_in_the_shape_of_the_api(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/orders/1")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["errors"] == [{"message": answer.json()["title"]}]
    page = await browser.get("/stand-in/mail/")
    assert page.status_code == 503
    assert page.headers["Content-Type"].startswith("text/html")


async def test_https_is_there_with_a_certificate_of_our_own(browser: httpx.AsyncClient) -> None:
    port = browser.base_url.port
    assert port is not None
    answer = await browser.get(f"https://localhost:{port + HTTPS_OFFSET}/")
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"
