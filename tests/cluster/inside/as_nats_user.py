"""Runs in a service's pod: tries, as that service's user at NATS, what it may and what it may not. Says JSON.

On standard input: `publish` and `subscribe`, the subjects to try, and `ask`, one that has to be answered.
"""

# ruff: noqa: TID251, T201 (in a pod: its settings are in the environment, and it says what it found)

import asyncio
import json
import os
import sys

import nats
from nats.errors import Error as NatsError

_PATIENCE = 5.0
_PAUSE = 1.0
"""Until what was refused has been said."""
_NOTHING = b"?"
"""No request and no event: where it is let through by mistake it does no harm."""


async def main() -> None:
    """Prints which of the subjects were refused, and whether the one that is allowed was answered."""
    given, refusals = json.load(sys.stdin), list[str]()
    user = os.environ["NATS_USER"]

    async def refused(error: Exception) -> None:
        refusals.append(str(error).lower())

    client = await nats.connect(
        os.environ["NATS_URL"].split(","),
        user=user,
        password=os.environ["NATS_PASSWORD"],
        inbox_prefix=f"_INBOX_{user}",
        error_cb=refused,
        allow_reconnect=False,
    )
    for subject in given["publish"]:
        await client.publish(subject, _NOTHING)
    for subject in given["subscribe"]:
        await client.subscribe(subject)
    try:
        answered = bool((await client.request(given["ask"], b"", timeout=_PATIENCE)).data)
    except NatsError:
        answered = False
    await asyncio.sleep(_PAUSE)
    allowed = [
        f"{verb} {subject}"
        for verb, word in (("publish", "publish to"), ("subscribe", "subscription to"))
        for subject in given[verb]
        if not any(f'{word} "{subject.lower()}"' in one for one in refusals)
    ]
    print(json.dumps({"answered": answered, "allowed": allowed, "refused": len(refusals)}))
    await client.close()


asyncio.run(main())
