"""The operator's commands: `python -m emails.commands NAME`."""

from collections.abc import AsyncIterator
from datetime import datetime

from common.web import Announce, Line, Parts, backup, heard, report, restoring, run_command, silent, task

from .app import create_service
from .settings import Settings
from .store import MailStore, renewals

_WAITS = {"waiting": ["auth"], "due": ["mail server"]}


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every mail, sent or not, and every address."""
    store = MailStore(parts.database)
    return report(parts, _mails(store), _addresses(store))


async def rebuild(parts: Parts) -> str:
    """Addresses are taken anew from what is announced from now on. Mails stay, so none is sent twice."""
    return f"{await MailStore(parts.database).mark()} addresses wait to be announced"


async def forget(parts: Parts) -> str:
    """Drops what waits to be announced still: the end of a rebuild."""
    return f"{await MailStore(parts.database).drop()} addresses dropped"


async def _mails(store: MailStore) -> AsyncIterator[Line]:
    async for mail in store.mails():
        status, facts = mail["status"], mail["facts"]
        order_id, user_id = str(facts["order_id"]), str(facts["user_id"])
        waits = _WAITS.get(status, [])
        yield task(
            "mail", str(mail["_id"]), waiting=waits, about=mail["kind"], status=status, order=order_id, user=user_id
        )


async def _addresses(store: MailStore) -> AsyncIterator[Line]:
    async for user, stale in store.addresses():
        yield heard("user", user.id, user.version, user, stale=stale)


if __name__ == "__main__":
    settings = Settings()

    def _prepare(parts: Parts, _: datetime) -> Announce:
        create_service(settings, parts)
        return silent

    run_command(
        "emails",
        settings,
        publishing={},
        private={
            "state": state,
            "rebuild": rebuild,
            "forget": forget,
            "backup": backup,
            "restore": restoring(renewals, _prepare),
            "retry": lambda parts: create_service(settings, parts).retry(),
        },
    )
