"""The operator's commands: `python -m SERVICE.commands NAME [ARGUMENT...]`, on the parts of a running service."""

import argparse
import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping

from common import logs
from common.errors import AppError
from common.settings import ServiceSettings

from .parts import Parts

Command = Callable[..., Awaitable[object]]
"""Given parts that are not open yet, and its arguments as texts; awaited when they are. What it returns is printed."""
_PATIENCE = 15.0
"""Seconds to wait for the bus."""


def run_command(name: str, settings: ServiceSettings, commands: Mapping[str, Command]) -> None:
    """Runs the command that the arguments name; everything it said is published when this returns.

    What it refuses is one sentence on standard error, and exit status 1.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}.commands")
    chosen = parser.add_subparsers(dest="command", required=True)
    for one, command in sorted(commands.items()):
        with_arguments = chosen.add_parser(one)
        for argument in [*inspect.signature(command).parameters][1:]:
            with_arguments.add_argument(argument)
    given = vars(parser.parse_args())
    ran = given.pop("command")
    logs.configure(name, "warning")
    try:
        result = asyncio.run(_run(Parts.real(name, settings), commands[ran], [*given.values()]))
    except AppError as error:
        sys.exit(f"{ran}: {error}")
    sys.stdout.write(f"{ran}: {result}\n")


async def _run(parts: Parts, command: Command, arguments: list[str]) -> object:
    work = command(parts, *arguments)
    async with parts:
        async with asyncio.timeout(_PATIENCE):
            while not parts.bus.connected:  # noqa: ASYNC110 (the bus has no event for it, and this is rare)
                await asyncio.sleep(0.05)
        result = await work
        await parts.relay.flush()
        return result
