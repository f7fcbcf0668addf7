"""Every query and index of emails."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from common.events import UserState
from common.mongo import (
    ASCENDING,
    Collection,
    Database,
    Document,
    DuplicateKey,
    IndexModel,
    Renewals,
    Replicas,
    newer,
    oid,
    staled,
)

from .domain import Facts, Mail


class MailStore:
    """Mails (`waiting` for an address, `due`, `sent` or `failed`) and the addresses of everybody, as auth says them."""

    def __init__(self, database: Database) -> None:
        self._mails: Collection = database["mails"]
        self._addresses = Replicas(database["addresses"])

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """One mail of a kind for each order; what is due, what waits for an address, what was given up."""
        once = IndexModel([("facts.order_id", ASCENDING), ("kind", ASCENDING)], unique=True)
        keys = {"due": ["due_at"], "waiting": ["status", "facts.user_id"], "failed": ["status"]}
        by_status = [
            IndexModel([(name, ASCENDING) for name in names], partialFilterExpression={"status": status}, name=status)
            for status, names in keys.items()
        ]
        return {self._mails: [once, *by_status]}

    async def learn(self, user: UserState) -> None:
        """Keeps the address, unless what is kept is as new."""
        fields = {"email": user.email, "version": user.version, "stale": False}
        await self._addresses.take(user.id, newer(user.version), fields)

    async def address(self, user_id: str) -> str:
        """Where this person's mail goes; `LookupError` where that is unknown."""
        found = await self._addresses.collection.find_one({"_id": oid(user_id)}, {"email": 1})
        if found is None:
            raise LookupError(f"no address of {user_id}")
        return str(found["email"])

    async def save(self, mail: Mail, moment: datetime) -> None:
        """Keeps the mail until an address is known, unless this order has one of its kind already."""
        facts = asdict(mail.facts) | {"order_id": oid(mail.facts.order_id), "user_id": oid(mail.facts.user_id)}
        times = {"due_at": moment, "claimed_until": moment}
        with suppress(DuplicateKey):  # heard before
            await self._mails.insert_one(
                {"_id": oid(mail.id), "kind": mail.kind, "facts": facts, "status": "waiting", "tries": 0, **times}
            )

    async def release(self, user_id: str, moment: datetime) -> None:
        """Makes this person's waiting mails due if the address is known.

        Asked after each of the two was saved, whichever came last: so no mail is left waiting.
        """
        if await self._addresses.collection.find_one({"_id": oid(user_id)}, {"_id": 1}) is not None:
            waiting = {"status": "waiting", "facts.user_id": oid(user_id)}
            await self._mails.update_many(waiting, {"$set": {"status": "due", "due_at": moment}})

    async def count_waiting(self) -> int:
        """How many mails wait for an address."""
        return int(await self._mails.count_documents({"status": "waiting"}))

    async def due(self, moment: datetime, limit: int) -> list[str]:
        """Ids of mails that are due and that nobody is sending, longest due first."""
        found = self._mails.find(_free(moment), {"_id": 1}).sort("due_at", ASCENDING).limit(limit)
        return [str(document["_id"]) async for document in found]

    async def claim(self, mail_id: str, moment: datetime, until: datetime) -> Mail | None:
        """The mail, to be sent by nobody else before `until`; None where somebody was faster."""
        document = await self._mails.find_one_and_update(
            {"_id": oid(mail_id), **_free(moment)}, {"$set": {"claimed_until": until}}, return_document=True
        )
        return None if document is None else _decode(document)

    async def sent(self, mail_id: str, moment: datetime) -> None:
        """The mail server said yes, whoever has claimed it since."""
        await self._mails.update_one({"_id": oid(mail_id)}, {"$set": {"status": "sent", "sent_at": moment}})

    async def put_off(self, mail_id: str, claim: datetime, due_at: datetime, error: str) -> None:
        """Failed: due again later, unless the claim was lost meanwhile."""
        update = {"$set": {"due_at": due_at, "claimed_until": due_at, "error": error}, "$inc": {"tries": 1}}
        await self._mails.update_one(_claimed(mail_id, claim), update)

    async def failed(self, mail_id: str, claim: datetime, error: str) -> None:
        """Failed for good, unless the claim was lost meanwhile."""
        update = {"$set": {"status": "failed", "error": error}, "$inc": {"tries": 1}}
        await self._mails.update_one(_claimed(mail_id, claim), update)

    async def retry(self, moment: datetime) -> int:
        """Makes every mail that failed for good due again; how many."""
        fresh = {"status": "due", "due_at": moment, "claimed_until": moment, "tries": 0}
        result = await self._mails.update_many({"status": "failed"}, {"$set": fresh})
        return int(result.modified_count)

    # ---- what an operator asks for
    async def mark(self) -> int:
        """Every address is stale; how many. A mail is never forgotten, or it would be sent twice."""
        return await self._addresses.mark()

    async def drop(self) -> int:
        """Without the addresses that are stale still; how many."""
        return await self._addresses.drop()

    async def mails(self) -> AsyncIterator[Document]:
        """Every mail, by id, as it is kept."""
        async for document in self._mails.find().sort("_id", ASCENDING):
            yield document

    async def addresses(self) -> AsyncIterator[tuple[UserState, bool]]:
        """Every address, by its person's id, and whether it is stale."""
        async for one in self._addresses.collection.find().sort("_id", ASCENDING):
            yield UserState(id=str(one["_id"]), email=one["email"], version=one["version"]), one.get("stale", False)


def renewals(_: datetime) -> Renewals:
    """What a restore changes. Mails stay as they were: one that was sent since is due, and is sent again."""
    return {"addresses": staled}


def _free(moment: datetime) -> dict[str, Any]:
    return {"status": "due", "due_at": {"$lte": moment}, "claimed_until": {"$lte": moment}}


def _claimed(mail_id: str, claim: datetime) -> dict[str, Any]:
    return {"_id": oid(mail_id), "status": "due", "claimed_until": claim}


def _decode(document: Document) -> Mail:
    facts = document["facts"]
    ids = {"order_id": str(facts["order_id"]), "user_id": str(facts["user_id"])}
    return Mail(str(document["_id"]), document["kind"], Facts(**(facts | ids)), document["tries"])
