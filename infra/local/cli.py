"""The commands: up, down, stop, start, restart, kill, pause, resume, wipe, status, reset, exec."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence

from . import process, rolling, words
from .control import ask
from .errors import StackError
from .layout import Layout
from .lock import holder, is_held
from .settings import StackSettings, inherited, load
from .stack import Stack

_DOWN_WITHIN = 60.0
_LOOK_EVERY = 0.1
_INTERRUPTED = 130
_TO_ONE_PART = {
    "start": "start a stopped part",
    "kill": "end one part as a crash would; it is started again",
    "pause": "freeze one part until it is resumed",
    "resume": "let a paused part go on",
    "wipe": "kill redis, throw its data away, start it",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one command; the exit code. What a person has to know is one sentence, never a traceback."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(
            port=options.port,
            replicas=options.replicas,
            mongo_nodes=options.mongo_nodes,
            TICKETING_LOCAL=options.root,
            TICKETING_ONLY=options.only,
        )
        return asyncio.run(_do(options, settings))
    except StackError as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The whole product on this machine.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", help="where it all lives (TICKETING_LOCAL; .local in the repository)")
    common.set_defaults(port=None, replicas=None, mongo_nodes=None, only=None)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", parents=[common], help="start everything and stay; Ctrl-C stops it")
    up.add_argument("--port", type=int, help="the gateway's http (PORT; 8080); its https is 363 above")
    up.add_argument("--replicas", type=int, help="processes of each service (REPLICAS; 1)")
    up.add_argument("--mongo-nodes", type=int, help="members of MongoDB's replica set (MONGO_NODES; 1 or 3)")
    up.add_argument("--only", help="start these parts alone, separated by commas")
    commands.add_parser("down", parents=[common], help="stop everything")
    commands.add_parser("status", parents=[common], help="show every part and its memory")
    commands.add_parser("reset", parents=[common], help="stop everything and wipe its data")
    stop = commands.add_parser("stop", parents=[common], help="stop one part until it is started by name")
    stop.add_argument("name")
    stop.add_argument("--kill", action="store_true", help="without asking it first, as a crash would")
    for name, what in _TO_ONE_PART.items():
        commands.add_parser(name, parents=[common], help=what).add_argument("name")
    restart = commands.add_parser("restart", parents=[common], help="restart a service, one process after the other")
    which = restart.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?")
    which.add_argument("--all", action="store_true", help="every service")
    run = commands.add_parser("exec", parents=[common], help="run a command with a service's settings")
    run.add_argument("name")
    run.add_argument("words", nargs=argparse.REMAINDER, help="for instance: python -m orders.commands announce")
    return parser


async def _do(options: argparse.Namespace, settings: StackSettings) -> int:
    layout = Layout(settings.root)
    match options.command:
        case "up":
            return await _up(settings)
        case "down":
            await _down(layout)
        case "reset":
            await _down(layout)
            layout.wipe()
        case "status":
            answer = await ask(layout, "status")
            _say(words.status(answer["parts"], answer["addresses"], holder(layout)))
        case "exec":
            await _become(layout, options.name, options.words)
        case _:
            await _change(layout, options)
    return 0


async def _change(layout: Layout, options: argparse.Namespace) -> None:
    """Does something to one part, or restarts some."""
    match options.command:
        case "restart":
            await rolling.restart(layout, options.name, _say)
        case "stop":
            await ask(layout, "stop", name=options.name, atOnce=options.kill)
        case command:
            await ask(layout, command, name=options.name)


async def _up(settings: StackSettings) -> int:
    """Runs until a signal or the command to end; a second signal does not wait for anybody."""
    began = time.monotonic()
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    stack = Stack(settings, say=_say)
    life = asyncio.create_task(_live(stack, began))

    def interrupt() -> None:
        if asked.is_set():
            stack.kill_all()
        else:
            asked.set()
            life.cancel()

    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signal_number, interrupt)
    with contextlib.suppress(asyncio.CancelledError):
        await life
    _say("Everything has stopped.")
    return 0


async def _live(stack: Stack, began: float) -> None:
    async with stack:
        _say(words.summary(stack.addresses, stack.layout, time.monotonic() - began))
        await stack.leaving.wait()


async def _down(layout: Layout) -> None:
    """Ends the stack that runs there, if one does, and whatever a killed one left."""
    if is_held(layout):
        try:
            await ask(layout, "down")
        except StackError:
            os.kill(holder(layout), signal.SIGTERM)  # it is just starting, or does not listen any more
        try:
            async with asyncio.timeout(_DOWN_WITHIN):
                while is_held(layout):  # noqa: ASYNC110 (another process lets it go)
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise StackError(f"The stack in {layout.root} did not stop within {_DOWN_WITHIN:.0f} s.") from None
    await asyncio.to_thread(process.end_leftovers, layout)


async def _become(layout: Layout, name: str, command: Sequence[str]) -> None:
    words = command[1:] if command[:1] == ["--"] else command
    if not words:
        raise StackError("Say which command to run: exec orders -- python -m orders.commands announce.")
    environment = inherited() | (await ask(layout, "environment", name=name))["environment"]
    program = sys.executable if words[0] == "python" else words[0]
    os.execvpe(program, [program, *words[1:]], environment)  # noqa: S606 (the operator's own command)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
