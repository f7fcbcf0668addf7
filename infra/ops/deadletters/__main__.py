"""`python -m infra.ops.deadletters`: list, show, redrive, drop. Exit status 1: what was asked for was not done."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from infra.local.errors import StackError
from infra.ops.operator import OperatorError, operating

from . import show
from .box import Box, Filter, Letter


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_do(options))
    except (OperatorError, StackError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make deadletters ARGS=...", description="Messages that were given up.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="for a program: a line of JSON for each")
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--service", default="", help="given up by this service")
    which.add_argument("--stream", default="", help="from this stream")
    which.add_argument("--subject", default="", help="of this subject; * stands for anything")
    which.add_argument("--reason", default="", help="with this in its reason")
    commands = parser.add_subparsers(dest="command", required=False)
    parser.set_defaults(command="list", json=False, service="", stream="", subject="", reason="")
    commands.add_parser("list", parents=[common, which], help="all of them, oldest first")
    commands.add_parser("show", parents=[common], help="one, with its contents").add_argument("number", type=int)
    for name, what in (("redrive", "send again to the service that gave it up"), ("drop", "forget for good")):
        command = commands.add_parser(name, parents=[common, which], help=f"{what}: by number, by filter, or all")
        command.add_argument("numbers", type=int, nargs="*")
        command.add_argument("--all", action="store_true")
    return parser


async def _do(options: argparse.Namespace) -> int:
    async with operating() as jetstream:
        box = Box(jetstream)
        match options.command:
            case "list":
                _list([one async for one in box.letters(_filter(options))], as_json=options.json)
            case "show":
                one = await box.letter(options.number)
                _say(json.dumps(show.facts(one)) if options.json else show.whole(one))
            case "redrive" | "drop" as verb:
                return await _each(box, verb, await _chosen(box, options), as_json=options.json)
    return 0


def _list(letters: list[Letter], *, as_json: bool) -> None:
    if not as_json:
        _say(show.table(letters))
        return
    for one in letters:
        _say(json.dumps(show.facts(one, payload=False)))


def _filter(options: argparse.Namespace) -> Filter:
    return Filter(options.service, options.stream, options.subject, options.reason)


async def _chosen(box: Box, options: argparse.Namespace) -> list[Letter]:
    which = _filter(options)
    if options.numbers:
        return [await box.letter(number) for number in options.numbers]
    if which == Filter() and not options.all:
        raise OperatorError("Say which: a number, --service, --stream, --subject, --reason, or --all.")
    return [one async for one in box.letters(which)]


async def _each(box: Box, verb: str, letters: Sequence[Letter], *, as_json: bool) -> int:
    """One after another; what cannot be done stays on the list and does not keep the others from it."""
    outcomes = [await _try(box, verb, one, as_json=as_json) for one in letters]
    if not as_json:
        _say(f"{sum(outcomes)} of {len(outcomes)} done.")
    return 0 if all(outcomes) else 1


async def _try(box: Box, verb: str, one: Letter, *, as_json: bool) -> bool:
    work, done = {"redrive": (box.redrive, "sent again to"), "drop": (box.drop, "dropped, given up by")}[verb]
    error = ""
    try:
        await work(one)
    except OperatorError as refused:
        error = str(refused)
    told = show.facts(one, payload=False) | {"done": not error, "error": error}
    _say(json.dumps(told) if as_json else error or f"{one.number}  {one.letter.subject}  {done} {one.letter.service}")
    return not error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
