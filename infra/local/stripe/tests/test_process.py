"""The real process: killed at any moment, small, and able to cut a connection."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from .conftest import INTENT, stripe_client

ROOT = Path(__file__).parents[4]
UVICORN_KEEPS_SECONDS = 5
"""Unless it is told otherwise: whoever asks again then runs into a connection that is being closed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "infra.local.stripe", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, cwd=ROOT) as running:
        try:
            yield running
        finally:
            running.kill()


@asynccontextmanager
async def ready(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        async with asyncio.timeout(10):
            while True:
                try:
                    await http.get("/livez")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
        yield http


def memory(pid: int) -> int:
    """PSS in kB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


async def test_an_answer_that_was_given_survives_a_kill(tmp_path: Path) -> None:
    port = free_port()
    answered: list[str] = []

    async def pay(http: httpx.AsyncClient) -> None:
        intents = stripe_client(http).v1.payment_intents
        while True:
            intent = await intents.create_async({**INTENT, "confirm": True, "payment_method": "pm_card_visa"})  # type: ignore[typeddict-item]
            answered.append(intent.id)

    with process(port, tmp_path / "journal") as first:
        async with ready(port) as http:
            buyers = [asyncio.create_task(pay(http)) for _ in range(4)]
            await asyncio.sleep(0.5)
            first.kill()
            await asyncio.gather(*buyers, return_exceptions=True)
    with process(port, tmp_path / "journal") as second:
        async with ready(port) as http:
            intents = (await http.get("/stand-in/stripe/intents")).json()["intents"]
            kept = {intent["id"]: intent["status"] for intent in intents}
            assert memory(second.pid) < 60_000
    assert len(answered) > 10
    assert {kept.get(one) for one in answered} == {"requires_capture"}


async def test_a_connection_is_really_cut(tmp_path: Path) -> None:
    port = free_port()
    with process(port, tmp_path / "journal"):
        async with ready(port) as http:
            for when, made in (("before", 0), ("after", 1)):
                await http.post("/stand-in/stripe/faults", json={"action": "drop", "when": when})
                with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                    await http.post(
                        "/v1/payment_intents",
                        data={"amount": "500", "currency": "usd"},
                        headers={"Authorization": "Bearer sk_test_x"},
                    )
                assert len((await http.get("/stand-in/stripe/intents")).json()["intents"]) == made


async def test_a_connection_that_was_idle_for_a_while_is_still_good(tmp_path: Path) -> None:
    port = free_port()
    with process(port, tmp_path / "journal"):
        async with ready(port), asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for pause in (0, UVICORN_KEEPS_SECONDS + 1):
                await asyncio.sleep(pause)
                writer.write(b"GET /livez HTTP/1.1\r\nHost: stripe\r\n\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
                await reader.readuntil(b"}")
            writer.close()
