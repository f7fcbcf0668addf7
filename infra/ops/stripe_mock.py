"""Asks Stripe's own mock with every request that payments sends: `python -m infra.ops.stripe_mock PROGRAM`.

stripe-mock knows Stripe's published schema and refuses unknown, missing and malformed parameters with 400. It keeps no
state, so what it answers means nothing; that it refuses nothing is the point.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import httpx

from common.clock import now
from common.mongo import new_id
from infra.local.ports import HOST, unused
from payments.gateway import Refused, Terms, Unknown
from payments.stripe_gateway import StripeGateway

_KEY = "sk_test_123"
_INTENT = "pi_123456789"
_PATIENCE = 20.0
"""Seconds for the mock to start."""


async def _up(url: str) -> None:
    async with asyncio.timeout(_PATIENCE), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


@asynccontextmanager
async def running(program: str) -> AsyncIterator[str]:
    """The mock, on two ports of this machine alone; where it is."""
    plain, secure = unused(2)
    addresses = ("-http-addr", f"{HOST}:{plain}", "-https-addr", f"{HOST}:{secure}")
    process = await asyncio.create_subprocess_exec(program, *addresses, stdout=asyncio.subprocess.DEVNULL)
    try:
        await _up(f"http://{HOST}:{plain}/v1")
        yield f"http://{HOST}:{plain}"
    finally:
        process.terminate()
        await process.wait()


def _asked(gateway: StripeGateway) -> dict[str, Awaitable[object]]:
    """Every kind of request, with every parameter that it can have."""
    terms = Terms(new_id(), new_id(), 1, 7500, "usd")
    return {
        "create": gateway.create(terms, new_id()),
        "confirm with a payment method": gateway.confirm(_INTENT, "pm_card_visa", new_id()),
        "confirm with a token": gateway.confirm(_INTENT, "tok_visa", new_id()),
        "capture": gateway.capture(_INTENT, 7500, new_id()),
        "cancel": gateway.cancel(_INTENT, new_id()),
        "read": gateway.read(_INTENT),
        "find": gateway.find(terms, now()),
        "inspect": gateway.inspect(_INTENT),
        "refund": gateway.refund(_INTENT, 7500, new_id(), 2),
        "refund of what is left": gateway.refund(_INTENT, None, new_id()),
        "refunds": gateway.refunds(_INTENT),
    }


def _refused(reply: object) -> bool:
    replies = reply if isinstance(reply, tuple) else (reply,)
    return any(isinstance(one, Refused | Unknown) for one in replies)


async def ask(url: str) -> list[str]:
    """What the mock refuses, or does not answer."""
    async with StripeGateway(_KEY, url) as gateway:
        replies = {name: await request for name, request in _asked(gateway).items()}
    return [f"{name}: {reply}" for name, reply in replies.items() if _refused(reply)]


async def _main(program: str) -> list[str]:
    async with running(program) as url:
        return await ask(url)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m infra.ops.stripe_mock")
    parser.add_argument("program")
    wrong = asyncio.run(_main(parser.parse_args().program))
    sys.stdout.write("".join(f"refused: {line}\n" for line in wrong) or "stripe-mock takes every request\n")
    sys.exit(1 if wrong else 0)
