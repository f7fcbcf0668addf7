"""`make rebuild SERVICE=orders`: takes what a service keeps of others' anew, while everything runs.

Nothing is ever missing meanwhile. An emptied replica would answer wrong: orders would refuse tickets that are on sale,
and payments, which decides by the order it knows, could neither capture nor let go of money, and would take intents of
unknown orders for strays. So replicas are marked instead of deleted: what is marked answers as before and takes the
next state that it hears of, whatever its version. The owners announce everything, and what is marked still after all
of that has arrived is dropped, since nobody owns it. A command that died is simply given again.

Expiration's deadlines, tickets' locks and the mails of emails are their own, with what became of them: an announcement
brings what they lack, and nothing of them is thrown away, so nothing rings or is sent twice.

Elsewhere than on this machine somebody else gives the services their commands (`infra.cluster`), and this one waits:
`python -m infra.ops.rebuild --await orders:TICKETS payments:ORDERS`, with NATS_URL, NATS_USER and NATS_PASSWORD.
"""

import argparse
import asyncio
import math
import sys
from collections.abc import Iterable, Sequence

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from common.events import STREAMS
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.settings import load
from infra.ops.audit.lines import CannotLookError
from infra.ops.audit.local import nats_of, say
from infra.ops.audit.routes import Route

from .operator import OperatorError, OperatorSettings, operating

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
    options = _parser().parse_args(arguments)
    try:
        if options.routes:
            asyncio.run(arrived(OperatorSettings(), options.routes))
            _say(f"All that was announced has arrived: {_listed(options.routes)}.")
        else:
            services = list(OWNERS) if options.service == "all" else [options.service]
            asyncio.run(_rebuild(Layout(load(TICKETING_LOCAL=options.root).root), services))
    except (StackError, CannotLookError, OperatorError) as error:
        sys.stderr.write(f"The rebuild is not done: {error} Give the command again.\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.ops.rebuild", description="Replicas, taken anew.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("service", nargs="?", choices=[*OWNERS, "all"])
    what.add_argument(
        "--await", dest="routes", nargs="+", type=_route, metavar="SERVICE:STREAM", help="only wait until all is heard"
    )
    parser.add_argument("--root", help="where the stack lives (TICKETING_LOCAL; .local in the repository)")
    return parser


def _route(text: str) -> Route:
    service, _, stream = text.partition(":")
    if not service or stream not in STREAMS:
        raise argparse.ArgumentTypeError(f"{text} is no route: give SERVICE:STREAM, as in orders:TICKETS")
    return service, stream


async def _rebuild(layout: Layout, services: Sequence[str]) -> None:
    for service in services:
        _tell(service, await say(layout, service, "rebuild"))
    streams = {stream: owner for service in services for stream, owner in OWNERS[service].items()}
    for owner in dict.fromkeys(streams.values()):
        _tell(owner, await say(layout, owner, "announce"))
    await arrived(nats_of(layout), routes(services))
    for service in services:
        _tell(service, await say(layout, service, "forget"))


def routes(services: Iterable[str]) -> list[Route]:
    """By which consumers these services hear what they have replicas of."""
    return [(service, stream) for service in services for stream in OWNERS[service]]


async def arrived(settings: OperatorSettings, routes: Iterable[Route]) -> None:
    """Until every one of these consumers has applied what is in its stream now; `OperatorError` if one stands still."""
    loop = asyncio.get_running_loop()
    left, moved, seen = list(routes), loop.time(), [math.nan]
    async with operating(settings) as jetstream:
        goals = {stream: (await jetstream.stream_info(stream)).state.last_seq for _, stream in left}
        while left:
            floors = {one: await _floor(jetstream, one) for one in left}
            left = [one for one in left if floors[one] < goals[one[1]]]
            if (now := [floors[one] for one in left]) != seen:
                moved, seen = loop.time(), now
            if loop.time() - moved > STALLED:
                raise OperatorError(f"Nothing is heard by {_listed(left)}.")
            await asyncio.sleep(_LOOK_EVERY if left else 0)


async def _floor(jetstream: JetStreamContext, route: Route) -> float:
    """Up to where it has answered for everything; one with nothing left is past what it does not listen to, too."""
    service, stream = route
    try:
        consumer = await jetstream.consumer_info(stream, service)
    except NotFoundError:
        return -1
    if not consumer.num_pending and not consumer.num_ack_pending:
        return math.inf
    return (consumer.ack_floor.stream_seq if consumer.ack_floor else 0) or 0


def _listed(routes: Iterable[Route]) -> str:
    return ", ".join(f"{service} in {stream}" for service, stream in routes)


def _tell(service: str, said: str) -> None:
    _say(f"{service}: {said}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
