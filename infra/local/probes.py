"""How one sees from outside that a part is ready."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable

import psutil

from .part import Probe
from .ports import HOST

_WITHIN = 2.0
"""Seconds for one look."""
_OK = 200


def http_answers(port: int, path: str) -> Probe:
    """Ready when `GET path` is answered with 200."""

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = (await reader.readline()).split()
        return len(status) > 1 and status[1] == str(_OK).encode()

    return _connected(port, look)


def listens(port: int) -> Probe:
    """Ready when the port takes connections."""

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:  # noqa: ARG001
        return True

    return _connected(port, look)


def greets_by_tls(port: int, name: str) -> Probe:
    """Ready when there is a certificate for that name; whose it is does not matter here."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:  # noqa: ARG001
        await writer.start_tls(trusting, server_hostname=name)
        return True

    return _connected(port, look)


def all_of(*probes: Probe) -> Probe:
    """Ready when all of these are."""

    async def probe(pid: int) -> bool:
        for one in probes:
            if not await one(pid):
                return False
        return True

    return probe


def nats_greets(port: int) -> Probe:
    """Ready when the server introduces itself with JetStream on."""

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:  # noqa: ARG001
        word, _, info = (await reader.readline()).partition(b" ")
        return word == b"INFO" and bool(json.loads(info).get("jetstream"))

    return _connected(port, look)


def redis_answers(port: int) -> Probe:
    """Ready when a PING is answered, be it with the wish for a password; not while it loads its file."""

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith((b"+PONG", b"-NOAUTH"))

    return _connected(port, look)


def connected_to(port: int) -> Probe:
    """Ready when the process, which has no port of its own, holds a connection to that one."""

    async def probe(pid: int) -> bool:
        try:
            connections = psutil.Process(pid).net_connections(kind="tcp")
        except psutil.Error:
            return False
        return any(one.raddr and one.raddr.port == port for one in connections)

    return probe


def _connected(port: int, look: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]) -> Probe:
    async def probe(pid: int) -> bool:  # noqa: ARG001
        try:
            async with asyncio.timeout(_WITHIN):
                reader, writer = await asyncio.open_connection(HOST, port)
                try:
                    return await look(reader, writer)
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            return False

    return probe
