"""`make audit`: 0 where all is well, 1 with violations, 2 where it could not look.

`python -m infra.ops.audit` audits the stack on this machine; with two folders, each with a file of lines for every
source (`orders.jsonl`), it compares these two looks. `--bus` prints the lines of the bus, to make such a folder.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.settings import load
from infra.ops.operator import OperatorSettings

from . import AGAIN_AFTER, CannotLookError, Report, audit, bus, compare
from .lines import require_whole
from .local import reader
from .look import Look
from .routes import BUS, SOURCES

VIOLATED, BLIND = 1, 2


def main() -> int:
    """Audits and says what it found; the exit code."""
    options = _parser().parse_args()
    try:
        if options.bus:
            asyncio.run(_print_bus())
            return 0
        report = _compared(options.looks) if options.looks else asyncio.run(_local(options))
    except (CannotLookError, StackError, OSError) as error:
        sys.stderr.write(f"The audit could not look: {error}\n")
        return BLIND
    sys.stdout.write((report.json() if options.json else report.table()) + "\n")
    return VIOLATED if report.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.ops.audit", description="Whether all is as promised.")
    parser.add_argument("looks", nargs="*", type=Path, help="two folders of lines; none: the stack on this machine")
    parser.add_argument("--root", help="where that stack lives (TICKETING_LOCAL; .local in the repository)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--quiet-within", type=float, default=0.0, metavar="SECONDS", help="wait until all is quiet")
    parser.add_argument("--again-after", type=float, default=AGAIN_AFTER, metavar="SECONDS", help="between the looks")
    parser.add_argument("--bus", action="store_true", help="print the lines of the bus (NATS_URL, NATS_USER, ...)")
    return parser


async def _local(options: argparse.Namespace) -> Report:
    layout = Layout(load(TICKETING_LOCAL=options.root).root)
    if not layout.addresses.exists():
        raise StackError(f"no stack runs in {layout.root}: start one with `make run`.")
    return await audit(reader(layout), again_after=options.again_after, quiet_within=options.quiet_within)


def _compared(folders: list[Path]) -> Report:
    if len(folders) != len(("first", "second")):
        raise CannotLookError("two looks are needed, some seconds apart")
    for folder in folders:
        for source in (*SOURCES, BUS):
            require_whole(folder, source)
    return compare(*map(Look, folders))


async def _print_bus() -> None:
    async for line in bus.read(OperatorSettings()):
        sys.stdout.write(line.decode() + "\n")


if __name__ == "__main__":
    sys.exit(main())
