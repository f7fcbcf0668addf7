"""The operator's commands, each as one Job or several; what they print is what `infra/ops` and the services print."""

import sys
import time
from collections.abc import Iterable, Sequence

from infra.local.services import SERVICES
from infra.ops.rebuild import OWNERS, routes

from .errors import ClusterError
from .jobs import Jobs, Outcome

BLIND = 2
_NOT_QUIET = "Not quiet"
_AGAIN_AFTER = 5.0
ALL = "all"


def audit(jobs: Jobs, quiet_within: float) -> int:
    """Whether all is as promised: 0, 1 with violations, 2 where it could not look. Looks until it is good and quiet."""
    limit = time.monotonic() + quiet_within
    while True:
        lines: list[str] = []
        outcome = jobs.run("audit", hear=lines.append)
        again = time.monotonic() + _AGAIN_AFTER < limit
        if not again or not (outcome.code or any(line.startswith(_NOT_QUIET) for line in lines)):
            jobs.hear("".join(lines))
            return BLIND if outcome.failed else outcome.code
        jobs.complain(f"Not yet: {lines[-1].strip() if lines else outcome.failed} Looking again.\n")
        time.sleep(_AGAIN_AFTER)


def command(jobs: Jobs, service: str, words: Sequence[str]) -> int:
    """One of a service's own commands, with its settings."""
    return jobs.run(f"{service}-command", words).code


def operator(jobs: Jobs, module: str, words: Iterable[str] = ()) -> int:
    """One of the operator's commands on the bus."""
    return jobs.run("operator", (), command=("python", "-m", module, *words)).code


def rebuild(jobs: Jobs, service: str) -> None:
    """What services keep of others', taken anew while everything runs; `ClusterError` says where it stopped."""
    services = [*OWNERS] if service == ALL else [service]
    for one in services:
        _require(jobs.run(f"{one}-command", ("rebuild",)), f"{one} was not told")
    for owner in dict.fromkeys(owner for one in services for owner in OWNERS[one].values()):
        _require(jobs.run(f"{owner}-command", ("announce",)), f"{owner} has not announced")
    words = [f"{one}:{stream}" for one, stream in routes(services)]
    waited = jobs.run("operator", (), command=("python", "-m", "infra.ops.rebuild", "--await", *words))
    _require(waited, "not all has arrived")
    for one in services:
        _require(jobs.run(f"{one}-command", ("forget",)), f"{one} has not forgotten")


def backup(jobs: Jobs, service: str) -> int:
    """A file of each database; the worst exit code."""
    services = SERVICES if service == ALL else (service,)
    return max(jobs.run(f"{one}-backup").code for one in services)


def backups(jobs: Jobs, service: str) -> int:
    """The files that there are of one."""
    return jobs.run(f"{service}-backup", (), command=("ls", "-l", "/backups")).code


def _require(outcome: Outcome, what: str) -> None:
    if outcome.code:
        raise ClusterError(f"The rebuild is not done: {what}. Give the command again.")


def hear(line: str) -> None:
    """To standard output, as it comes."""
    sys.stdout.write(line)
    sys.stdout.flush()


def complain(text: str) -> None:
    """To standard error."""
    sys.stderr.write(text)
