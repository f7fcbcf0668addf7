"""`python -m infra.local.stripe --port N [--host H] [--webhook-url URL] [--webhook-secret S] [--data FILE]`"""

import argparse
import asyncio
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.local.ports import HOST, KEEP_ALIVE_SECONDS

from .app import create_app
from .context import Options


class Protocol(HttpToolsProtocol):
    """Lets the application reach its connection, which a fault may cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remembers the connection where each request finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def configure(options: Options, host: str, port: int) -> uvicorn.Config:
    """How uvicorn serves the stand-in."""
    return uvicorn.Config(
        create_app(options),
        host=host,
        port=port,
        http=Protocol,
        loop="asyncio",
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )


def main() -> None:
    """Runs until a signal."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.stripe", description="A stand-in of Stripe.")
    parser.add_argument("--host", default=HOST, help="this machine alone, unless another address is given")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-secret", default="whsec_local")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    options = Options(webhook_url=given.webhook_url, webhook_secret=given.webhook_secret, data=given.data)
    uvicorn.Server(configure(options, given.host, given.port)).run()


if __name__ == "__main__":
    main()
