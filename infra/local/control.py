"""Commands to a running stack: one line of JSON each way over a unix socket in its own folder."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from .errors import StackError
from .layout import Layout

Answer = dict[str, Any]
Handler = Callable[[Answer], Awaitable[Answer]]
_LINE_WITHIN = 5.0
_ANSWER_WITHIN = 90.0


@asynccontextmanager
async def serving(layout: Layout, handle: Handler) -> AsyncIterator[None]:
    """Answers commands while the block runs; a `StackError` becomes the answer."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_LINE_WITHIN):
                request = json.loads(await reader.readline())
            writer.write(json.dumps(await _answer(handle, request)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError):
            pass  # whoever asked has gone, or asked nothing
        finally:
            writer.close()

    layout.socket.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(converse, path=layout.socket)
    layout.socket.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        layout.socket.unlink(missing_ok=True)


async def ask(layout: Layout, command: str, **details: object) -> Answer:
    """What the running stack answers; `StackError` if none runs here, or if it refuses."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            reader, writer = await asyncio.open_unix_connection(layout.socket)
            try:
                writer.write(json.dumps({"command": command, **details}).encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
    except OSError:
        raise StackError(f"No stack runs in {layout.root}: start one with `make run`.") from None
    except TimeoutError:
        raise StackError(f"The stack in {layout.root} does not answer: end it with `make stop`.") from None
    if not line:
        raise StackError(f"The stack in {layout.root} has just stopped.")
    answer: Answer = json.loads(line)
    if "error" in answer:
        raise StackError(answer["error"])
    return answer


async def _answer(handle: Handler, request: Answer) -> Answer:
    try:
        return await handle(request)
    except StackError as error:
        return {"error": str(error)}
