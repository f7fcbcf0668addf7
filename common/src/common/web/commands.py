"""The operator's commands: `python -m SERVICE.commands NAME [ARGUMENT...]`, on a service's parts, running or not."""

import argparse
import asyncio
import inspect
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from common import logs
from common.errors import AppError, Unavailable
from common.mongo import OUTAGES
from common.settings import ServiceSettings

from .parts import Parts
from .state import Line

Command = Callable[..., Awaitable[object] | AsyncIterator[Line]]
"""Given the parts, and its arguments as texts; one that has a default may be left out.

What it returns is printed as a sentence, what it yields as JSON.
"""
_PATIENCE = 15.0
"""Seconds to wait for the bus."""


class NoBus(Unavailable):
    code, sentence = "no-bus", "The message bus does not answer, and nothing was done. Try again when it runs."


class NoDatabase(Unavailable):
    code, sentence = "no-database", "The service's database does not answer."


def run_command(
    name: str, settings: ServiceSettings, *, publishing: Mapping[str, Command], private: Mapping[str, Command]
) -> None:
    """Runs the command that the arguments name.

    One of `publishing` waits for the bus first, and everything it said is published when this returns. One of `private`
    is given the database alone. Nothing else of the service works meanwhile. What a command refuses is one sentence on
    standard error, and exit status 1.
    """
    commands = {**publishing, **private}
    ran, arguments = _asked(name, commands)
    logs.configure(name, "warning")
    parts = Parts.real(name, settings)
    run = _publishing if ran in publishing else _private
    try:
        result = asyncio.run(run(parts, commands[ran], arguments))
    except AppError as error:
        sys.exit(f"{ran}: {error}")
    except OUTAGES:
        sys.exit(f"{ran}: {NoDatabase.sentence}")
    if result is not None:
        sys.stdout.write(f"{ran}: {result}\n")


def _asked(name: str, commands: Mapping[str, Command]) -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser(prog=f"python -m {name}.commands")
    chosen = parser.add_subparsers(dest="command", required=True)
    for one, command in sorted(commands.items()):
        with_arguments = chosen.add_parser(one)
        for name_of, argument in [*inspect.signature(command).parameters.items()][1:]:
            if argument.default is inspect.Parameter.empty:
                with_arguments.add_argument(name_of)
            else:
                with_arguments.add_argument(name_of, nargs="?", default=argument.default)
    given = vars(parser.parse_args())
    return given.pop("command"), [*given.values()]


async def _publishing(parts: Parts, command: Command, arguments: list[str]) -> object:
    work = command(parts, *arguments)
    parts.leave_asleep()
    async with parts:
        try:
            async with asyncio.timeout(_PATIENCE):
                while not parts.bus.connected:  # noqa: ASYNC110 (the bus has no event for it, and this is rare)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            if inspect.iscoroutine(work):
                work.close()
            raise NoBus from None
        result = await _done(work)
        await parts.relay.flush()
        return result


async def _private(parts: Parts, command: Command, arguments: list[str]) -> object:
    async with parts.database_alone():
        return await _done(command(parts, *arguments))


async def _done(work: Awaitable[object] | AsyncIterator[Line]) -> object:
    """What the command returned; what it yields is printed as it comes."""
    if isinstance(work, AsyncIterator):
        async for line in work:
            sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        return None
    return await work
