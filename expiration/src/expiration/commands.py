"""The operator's commands: `python -m expiration.commands NAME`.

There is nothing to rebuild here: a deadline is expiration's own, with what became of it. What it lacks it learns when
orders announces, and what has ended stays so.
"""

from collections.abc import AsyncIterator

from common.events import ExpirationComplete
from common.web import Line, Parts, backup, owned, report, restoring, run_command

from .app import create_service
from .domain import Deadline
from .settings import Settings
from .store import DeadlineStore, renewals

_WAITS = {"armed": ["deadline"], "fired": ["orders"], "ended": []}


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every deadline."""
    return report(parts, _deadlines(DeadlineStore(parts.database, parts.relay, parts.clock)))


async def _deadlines(store: DeadlineStore) -> AsyncIterator[Line]:
    async for stored in store.deadlines.each():
        deadline: Deadline = stored.state
        yield owned(
            "deadline",
            stored,
            ExpirationComplete(order_id=deadline.id, expires_at=deadline.expires_at),
            waiting=_WAITS[deadline.state],
            stands=deadline.state,
            orderVersion=deadline.order_version,
        )


if __name__ == "__main__":
    settings = Settings()
    run_command(
        "expiration",
        settings,
        publishing={
            "announce": lambda parts: create_service(settings, parts).announce(),
            "restore": restoring(renewals, lambda parts, _: create_service(settings, parts).announce),
        },
        private={"state": state, "backup": backup},
    )
