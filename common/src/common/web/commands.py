"""The operator's commands: `python -m SERVICE.commands NAME`, on the parts of a running service, beside it."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from common import logs
from common.settings import ServiceSettings

from .parts import Parts

Command = Callable[[Parts], Awaitable[object]]
"""Built on parts that are not open yet; awaited when they are. What it returns is printed."""
_PATIENCE = 15.0
"""Seconds to wait for the bus."""


def run_command(name: str, settings: ServiceSettings, commands: Mapping[str, Command]) -> None:
    """Runs the command that the arguments name; everything it said is published when this returns."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}.commands")
    parser.add_argument("command", choices=sorted(commands))
    chosen = parser.parse_args().command
    logs.configure(name, "warning")
    result = asyncio.run(_run(Parts.real(name, settings), commands[chosen]))
    sys.stdout.write(f"{chosen}: {result}\n")


async def _run(parts: Parts, command: Command) -> object:
    work = command(parts)
    async with parts:
        async with asyncio.timeout(_PATIENCE):
            while not parts.bus.connected:  # noqa: ASYNC110 (the bus has no event for it, and this is rare)
                await asyncio.sleep(0.05)
        result = await work
        await parts.relay.flush()
        return result
