"""`python -m tests.faults.storm --seconds 600 --seeds 1 2 3`: storms one after the other; fails at any violation."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from .plan import PEOPLE, make_plan
from .report import Report
from .storm import storm


def main() -> int:
    """The exit code: 0 if nothing happened that must never happen."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--folder", type=Path, help="where reports and stacks are kept (a new temporary folder)")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="storm-"))
    worst = 0
    for seed in options.seeds:
        report = asyncio.run(_one(seed, options.seconds, options.people, folder / f"seed-{seed}"))
        sys.stdout.write(f"\n{report.text()}\nIts history: {folder / f'seed-{seed}'}\n")
        sys.stdout.flush()
        worst = max(worst, 1 if report.violations else 0)
    return worst


async def _one(seed: int, seconds: float, people: int, folder: Path) -> Report:
    async with storm(make_plan(seed, seconds, people=people), folder) as run:
        report = await run.run()
    report.write(folder / "report.json")
    return report


if __name__ == "__main__":
    sys.exit(main())
