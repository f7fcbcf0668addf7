"""The sources on this machine: each service's own command, with its own settings, and the bus."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import SecretStr

from infra.local import control, credentials
from infra.local.layout import REPOSITORY, Layout
from infra.local.services import SERVICES
from infra.local.settings import inherited
from infra.ops.operator import OperatorSettings

from . import bus
from .lines import CannotLookError, Read
from .routes import BUS, BUS_BEFORE, STRIPE

_LINE_LIMIT = 2**20
_WITHIN = 1800.0
_TAIL = 500


@dataclass(frozen=True, slots=True)
class _Words:
    """Which service says it, and how it is asked."""

    service: str
    command: str


def reader(layout: Layout) -> Read:
    """The lines of the stack that runs in this folder."""

    def read(source: str) -> AsyncIterator[bytes]:
        if source in {BUS, BUS_BEFORE}:
            return bus.read(nats_of(layout))
        words = _Words("payments", "intents") if source == STRIPE else _Words(source, "state")
        return _said(layout, words)

    return read


def nats_of(layout: Layout) -> OperatorSettings:
    """As whom its NATS is asked: somebody who may see when a message was stored."""
    url = json.loads(layout.addresses.read_text())["nats"]
    password = credentials.load(layout.credentials, SERVICES).nats["auditor"]
    return OperatorSettings(nats_url=url, nats_user="auditor", nats_password=SecretStr(password))


async def say(layout: Layout, service: str, command: str) -> str:
    """What a service's command says at its end; `CannotLookError` where it refuses."""
    said = [line async for line in _said(layout, _Words(service, command))]
    return b"".join(said).decode().strip()


async def _said(layout: Layout, words: _Words) -> AsyncIterator[bytes]:
    told = (await control.ask(layout, "environment", name=words.service))["environment"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"{words.service}.commands", words.command),
        cwd=REPOSITORY,
        env=inherited() | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
    )
    if process.stdout is None or process.stderr is None:
        raise CannotLookError(f"{words.service} cannot be listened to")
    complaints = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(_WITHIN):
            async for line in process.stdout:
                yield line
            failed = await process.wait()
    except TimeoutError:
        raise CannotLookError(f"{words.service} has not said all within {_WITHIN:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        complaint = (await complaints).decode(errors="replace").strip()
    if failed:
        raise CannotLookError(f"{words.service} cannot be asked: {complaint[-_TAIL:]}")
