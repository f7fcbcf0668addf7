"""`python -m infra.local.mail --http-port 8025 --smtp-port 1025 --data FOLDER`."""

import argparse
import asyncio
import ssl
import sys
from pathlib import Path

import uvicorn

from infra.local.layout import REPOSITORY
from infra.local.ports import HOST, KEEP_ALIVE_SECONDS

from . import smtp
from .app import create_app
from .certificate import context
from .settings import MailSettings
from .smtp import Login
from .store import KEPT, MailStore


def main() -> int:
    """Serves until SIGTERM."""
    options = _parser().parse_args()
    settings = MailSettings()
    login = Login(settings.mail_sink_user, settings.mail_sink_password.get_secret_value())
    store = MailStore(options.data / "messages", options.keep)
    tls = context(options.data) if options.starttls else None
    asyncio.run(_serve(options, store, login if login.user else None, tls))
    return 0


async def _serve(
    options: argparse.Namespace, store: MailStore, login: Login | None, tls: ssl.SSLContext | None
) -> None:
    server = await smtp.listen(store, options.host, options.smtp_port, login, tls)
    config = uvicorn.Config(
        create_app(store),
        host=options.host,
        port=options.http_port,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        lifespan="off",
    )
    async with server:
        await uvicorn.Server(config).serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.mail", description="Takes every mail, delivers none.")
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--data", type=Path, default=REPOSITORY / ".local" / "data" / "mail", help="keeps the mails")
    parser.add_argument("--keep", type=int, default=KEPT, help="how many mails are kept")
    parser.add_argument("--starttls", action="store_true", help="offer STARTTLS, and ask for it before signing in")
    return parser


sys.exit(main())
