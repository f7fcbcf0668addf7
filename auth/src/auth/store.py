"""Every query and index of auth."""

from datetime import datetime

from common.clock import Clock
from common.mongo import ASCENDING, Collection, Database, Document, IndexModel, Renewals
from common.outbox import Aggregates, Relay, set_back

from .domain import User


class UserStore:
    """Users in Mongo, one document each."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self.users: Aggregates[User] = Aggregates(database["users"], relay, clock, encode=_encode, decode=_decode)

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """One account for each address."""
        by_email = IndexModel([("email", ASCENDING)], unique=True)
        return {self.users.collection: [*self.users.indexes[self.users.collection], by_email]}

    async def by_email(self, email: str) -> User | None:
        """The account of a normalised address."""
        found = await self.users.find({"email": email}, limit=1)
        return found[0] if found else None


def renewals(moment: datetime) -> Renewals:
    """What a restore at this moment changes."""
    return {"users": set_back(moment)}


def _encode(user: User) -> Document:
    return {"email": user.email, "password_hash": user.password_hash}


def _decode(document: Document) -> User:
    return User(
        id=str(document["_id"]),
        email=document["email"],
        password_hash=document["password_hash"],
        version=document["version"],
    )
