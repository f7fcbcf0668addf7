"""Makes room in a stream: `make purge STREAM=ORDERS` removes what every service has heard to the end, and no more."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamState
from nats.js.errors import NotFoundError

from common.events import STREAMS
from infra.local.errors import StackError
from infra.local.nats import HEARS

from .operator import OperatorError, operating


async def purge(jetstream: JetStreamContext, stream: str) -> int:
    """Removes what lies at or below the lowest ack floor; how many messages. `OperatorError`: nothing was removed.

    A service whose consumer is not there has heard nothing yet, so nothing is removed before it has come.
    """
    before = await _state(jetstream, stream)
    heard = {one.name: one for one in await jetstream.consumers_info(stream)}
    listeners = [service for service, streams in HEARS.items() if stream in streams]
    if missing := [one for one in listeners if one not in heard]:
        raise OperatorError(f"{' and '.join(missing)} has not heard {stream} yet: start it first, or it would miss it.")
    floor = min(_floor(heard[one], before.last_seq) for one in listeners)
    if floor < before.first_seq:
        return 0
    await jetstream.purge_stream(stream, seq=floor + 1)
    return int(before.messages - (await _state(jetstream, stream)).messages)


def _floor(consumer: ConsumerInfo, last: int) -> int:
    """Up to where it has answered for everything. One with nothing left is past what it does not listen to, too."""
    if not consumer.num_pending and not consumer.num_ack_pending:
        return last
    return (consumer.ack_floor.stream_seq if consumer.ack_floor else 0) or 0


async def _state(jetstream: JetStreamContext, stream: str) -> StreamState:
    try:
        return (await jetstream.stream_info(stream)).state
    except NotFoundError:
        raise OperatorError(f"There is no stream called {stream}; run the streams step first.") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Purges one stream; the exit status."""
    parser = argparse.ArgumentParser(prog="make purge STREAM=...", description="Makes room in a stream of events.")
    parser.add_argument("stream", choices=sorted(STREAMS))
    options = parser.parse_args(arguments)
    try:
        removed = asyncio.run(_do(options.stream))
    except (OperatorError, StackError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{removed} messages that everybody has heard were removed from {options.stream}.\n")
    return 0


async def _do(stream: str) -> int:
    async with operating() as jetstream:
        return await purge(jetstream, stream)


if __name__ == "__main__":
    sys.exit(main())
