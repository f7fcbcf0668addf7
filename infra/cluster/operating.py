"""The operator's commands, as they are typed."""

import argparse
from collections.abc import Callable

from infra.local.services import SERVICES
from infra.ops.rebuild import OWNERS

from . import operations
from .errors import ClusterError
from .jobs import Jobs
from .kubectl import Kubectl
from .operations import ALL, complain, hear
from .restore import restore

Options = argparse.Namespace
Act = Callable[[Kubectl, Jobs, Options], int | None]
"""The exit code; none is 0."""


def operate(kubectl: Kubectl, options: Options) -> int:
    """Does the command that was typed; the exit code."""
    act: Act = options.act
    return act(kubectl, Jobs(kubectl, hear, complain, options.keep), options) or 0


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """All of them."""

    def new(name: str, what: str, act: Act) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, parents=[common], help=what, description=f"{name}: {what}.")
        parser.set_defaults(act=act)
        return parser

    _add_looks(new)
    _add_changes(new)
    _add_backups(new)


New = Callable[[str, str, Act], argparse.ArgumentParser]


def _add_looks(new: New) -> None:
    audit = new("audit", "whether all is as promised: 0, 1 if not, 2 where it could not look", _audit)
    audit.add_argument("--quiet-within", type=float, default=0.0, metavar="SECONDS", help="until it is good and quiet")
    command = new("command", "one of a service's own, as in: command orders state", _command)
    command.add_argument("service", choices=SERVICES)
    command.add_argument("words", nargs=argparse.REMAINDER, metavar="NAME [ARGUMENT...]")
    letters = new("deadletters", "messages that were given up: list, show 3, redrive 3, ...", _deadletters)
    letters.add_argument("words", nargs=argparse.REMAINDER, metavar="...")


def _add_changes(new: New) -> None:
    new("announce", "a service says again all that it owns", _announce).add_argument("service", choices=SERVICES)
    new("refund", "return all of what was taken for an order", _refund).add_argument("order", metavar="ORDER_ID")
    new("purge", "make room in a stream: lose what every service has heard", _purge).add_argument("stream")
    new("rebuild", "take replicas anew from their owners", _rebuild).add_argument("service", choices=[*OWNERS, ALL])


def _add_backups(new: New) -> None:
    new("backup", "a file of a service's database, now", _backup).add_argument("service", choices=[*SERVICES, ALL])
    new("backups", "the files that there are of a service", _backups).add_argument("service", choices=SERVICES)
    restoring = new("restore", "a database as a backup has it; its service is stopped meanwhile", _restore)
    restoring.add_argument("service", choices=SERVICES)
    restoring.add_argument("file", help="as `backups` names it")
    restoring.add_argument("--yes", action="store_true", help="what came after the backup may be lost")


def _audit(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.audit(jobs, options.quiet_within)


def _command(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.command(jobs, options.service, options.words)


def _deadletters(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.operator(jobs, "infra.ops.deadletters", options.words)


def _announce(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.command(jobs, options.service, ("announce",))


def _refund(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.command(jobs, "payments", ("refund", options.order))


def _purge(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.operator(jobs, "infra.ops.purge", (options.stream,))


def _rebuild(_: Kubectl, jobs: Jobs, options: Options) -> None:
    operations.rebuild(jobs, options.service)


def _backup(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.backup(jobs, options.service)


def _backups(_: Kubectl, jobs: Jobs, options: Options) -> int:
    return operations.backups(jobs, options.service)


def _restore(kubectl: Kubectl, jobs: Jobs, options: Options) -> None:
    if not options.yes:
        raise ClusterError(
            f"This stops {options.service} in {kubectl.context}, and what its database has beyond the backup is lost: "
            "give --yes."
        )
    restore(kubectl, jobs, options.service, options.file, lambda text: hear(f"{text}\n"))
