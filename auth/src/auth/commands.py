"""The operator's commands: `python -m auth.commands NAME`."""

from collections.abc import AsyncIterator

from common.web import Line, Parts, backup, owned, report, restoring, run_command

from .app import create_service
from .domain import User
from .settings import Settings
from .store import UserStore, renewals


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every account, without its password's hash."""
    return report(parts, _users(UserStore(parts.database, parts.relay, parts.clock)))


async def _users(store: UserStore) -> AsyncIterator[Line]:
    async for stored in store.users.each():
        user: User = stored.state
        yield owned("user", stored, user.public())


if __name__ == "__main__":
    settings = Settings()
    run_command(
        "auth",
        settings,
        publishing={
            "announce": lambda parts: create_service(settings, parts).announce(),
            "restore": restoring(renewals, lambda parts, _: create_service(settings, parts).announce),
        },
        private={"state": state, "backup": backup},
    )
