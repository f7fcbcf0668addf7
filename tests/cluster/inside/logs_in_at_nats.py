"""Runs in a service's pod: whether NATS takes the password on standard input for that service. Says JSON."""

# ruff: noqa: TID251, T201 (in a pod: its settings are in the environment, and it says what it found)

import asyncio
import json
import os
import sys

import nats
from nats.errors import Error as NatsError


async def main() -> None:
    """Prints `ok`, or what NATS said."""
    said = list[str]()

    async def failed(error: Exception) -> None:
        said.append(str(error))

    try:
        client = await nats.connect(
            os.environ["NATS_URL"].split(","),
            user=os.environ["NATS_USER"],
            password=json.load(sys.stdin),
            error_cb=failed,
            allow_reconnect=False,
            max_reconnect_attempts=1,
        )
    except (NatsError, OSError) as error:
        print(json.dumps(said[-1] if said else repr(error)))
        return
    print(json.dumps("ok"))
    await client.close()


asyncio.run(main())
