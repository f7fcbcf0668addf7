"""Log lines: JSON, with the request's id, without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from common import logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    logs.configure("orders", "info")
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_is_json_with_what_was_given(written: io.StringIO) -> None:
    logs.request_id.set("r-1")
    logs.traceparent.set("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    logging.getLogger("orders.service").info("reserved %s", "é", extra={"order": "o1"})
    (line,) = lines(written)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "service": "orders",
        "logger": "orders.service",
        "message": "reserved é",
        "requestId": "r-1",
        "traceId": "a" * 32,
        "order": "o1",
    }


def test_an_exception_is_one_line(written: io.StringIO) -> None:
    try:
        raise ValueError("mongodb://orders:hunter2@db/orders")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = lines(written)
    assert "Traceback" in line["exception"]
    assert "hunter2" not in line["exception"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mongodb://orders:hunter2@127.0.0.1/orders", "mongodb://orders:***@127.0.0.1/orders"),
        ("key sk_test_51abc failed", "key *** failed"),
        ("whsec_abc and pi_123_secret_456", "*** and ***"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln-_x end", "token *** end"),
        ("http://localhost:8080/tickets", "http://localhost:8080/tickets"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert logs.masked(text) == masked
