"""`make rebuild SERVICE=orders`: takes what a service keeps of others' anew, while everything runs.

Nothing is ever missing meanwhile. An emptied replica would answer wrong: orders would refuse tickets that are on sale,
and payments, which decides by the order it knows, could neither capture nor let go of money, and would take intents of
unknown orders for strays. So replicas are marked instead of deleted: what is marked answers as before and takes the
next state that it hears of, whatever its version. The owners announce everything, and what is marked still after all
of that has arrived is dropped, since nobody owns it. A command that died is simply given again.

Expiration's deadlines, tickets' locks and the mails of emails are their own, with what became of them: an announcement
brings what they lack, and nothing of them is thrown away, so nothing rings or is sent twice.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence

from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.settings import load
from infra.ops.audit import bus
from infra.ops.audit.lines import CannotLookError
from infra.ops.audit.local import nats_of, say
from infra.ops.audit.look import consumers
from infra.ops.audit.routes import Route

OWNERS = {
    "orders": {"TICKETS": "tickets"},
    "payments": {"ORDERS": "orders"},
    "client": {"TICKETS": "tickets", "ORDERS": "orders", "PAYMENTS": "payments"},
    "emails": {"USERS": "auth"},
}
"""Who has replicas, and whose announcement brings them, by stream."""
STALLED = 60.0
"""Seconds without progress after which nobody waits for a consumer."""
_LOOK_EVERY = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuilds and says what it did; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops.rebuild", description="Replicas, taken anew.")
    parser.add_argument("service", choices=[*OWNERS, "all"])
    parser.add_argument("--root", help="where the stack lives (TICKETING_LOCAL; .local in the repository)")
    options = parser.parse_args(arguments)
    services = list(OWNERS) if options.service == "all" else [options.service]
    try:
        asyncio.run(_rebuild(Layout(load(TICKETING_LOCAL=options.root).root), services))
    except (StackError, CannotLookError) as error:
        sys.stderr.write(f"The rebuild is not done: {error} Give the command again.\n")
        return 1
    return 0


async def _rebuild(layout: Layout, services: Sequence[str]) -> None:
    for service in services:
        _tell(service, await say(layout, service, "rebuild"))
    streams = {stream: owner for service in services for stream, owner in OWNERS[service].items()}
    for owner in dict.fromkeys(streams.values()):
        _tell(owner, await say(layout, owner, "announce"))
    await _arrived(layout, [(service, stream) for service in services for stream in OWNERS[service]])
    for service in services:
        _tell(service, await say(layout, service, "forget"))


async def _arrived(layout: Layout, routes: Iterable[Route]) -> None:
    """Until every one of these consumers has applied what is in its stream now."""
    settings = nats_of(layout)
    goals = {line["stream"]: line["last"] for line in await bus.found(settings) if "last" in line}
    loop = asyncio.get_running_loop()
    left, moved, seen = list(routes), loop.time(), [0]
    while left:
        now = consumers(await bus.found(settings))
        left = [one for one in left if not now[one].exists or (now[one].behind and now[one].floor < goals[one[1]])]
        if (floors := [now[one].floor for one in left]) != seen:
            moved, seen = loop.time(), floors
        if loop.time() - moved > STALLED:
            behind = ", ".join(f"{service} in {stream}" for service, stream in left)
            raise CannotLookError(f"nothing is heard by {behind}.")
        await asyncio.sleep(_LOOK_EVERY if left else 0)


def _tell(service: str, said: str) -> None:
    sys.stdout.write(f"{service}: {said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
