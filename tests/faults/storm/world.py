"""What everybody in a storm shares."""

from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient

from .api import Api, Reply
from .bank import Bank
from .history import History
from .ledger import Ledger
from .plan import Step

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class World:
    """The shop's door, the bank's, what was promised, what was done."""

    http: AsyncClient
    api: Api
    bank: Bank
    ledger: Ledger
    history: History
    can_extend: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    number: int
    email: str
    token: str
    world: World

    @property
    def name(self) -> str:
        """How the history calls them."""
        return f"person {self.number}"

    async def ask(self, step: Step, method: str, path: str, *, expected: tuple[int, ...], **more: Any) -> Reply:
        """One request, signed in."""
        return await self.world.api.ask(self.name, step.act, method, path, token=self.token, expected=expected, **more)
