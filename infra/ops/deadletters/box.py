"""Reads DEADLETTERS, and sends what lies there again."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import NotFoundError

from common.bus.deadletter import DeadLetter
from common.clock import now
from common.events import DEADLETTERS
from infra.ops.operator import OperatorError

_EVERYTHING = DEADLETTERS.subjects[0]


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter and its number in the list, by which it is named."""

    number: int
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant: all that fit every part that is given. `subject` may hold `*`, `reason` is a part."""

    service: str = ""
    stream: str = ""
    subject: str = ""
    reason: str = ""

    def fits(self, letter: DeadLetter) -> bool:
        """Whether this one is meant."""
        return (
            self.service in ("", letter.service)
            and self.stream in ("", letter.stream)
            and fnmatchcase(letter.subject, self.subject or "*")
            and self.reason.casefold() in letter.reason.casefold()
        )


class Box:
    """DEADLETTERS, as far as the operator's user may use it."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self._jetstream = jetstream

    async def letters(self, which: Filter = Filter()) -> AsyncIterator[Letter]:
        """Oldest first; only what lies there at the call, so that one which comes back is not met again."""
        last = (await self._jetstream.stream_info(DEADLETTERS.name)).state.last_seq
        number = 0
        while number < last:
            try:
                copy = await self._jetstream.get_msg(DEADLETTERS.name, number + 1, _EVERYTHING, next=True)
            except NotFoundError:
                return
            number = copy.seq or last
            one = _read(copy)
            if number <= last and which.fits(one.letter):
                yield one

    async def letter(self, number: int) -> Letter:
        """The one with this number; `OperatorError` where there is none."""
        try:
            return _read(await self._jetstream.get_msg(DEADLETTERS.name, number))
        except NotFoundError:
            raise OperatorError(f"There is no dead letter {number}.") from None

    async def redrive(self, one: Letter) -> None:
        """Publishes it again, for the service that gave it up, then takes it off the list.

        A crash in between leaves it on the list; sent twice it changes nothing, since every listener goes by versions.
        """
        letter = one.letter
        if not letter.service:
            raise OperatorError(f"Dead letter {one.number} does not say what it was, so it cannot be sent again.")
        headers = {Header.MSG_ID: letter.redrive_id} | letter.redrive_headers()
        try:
            await self._jetstream.publish(letter.subject, letter.payload, headers=headers)
        except (NatsError, TimeoutError) as error:
            why = str(error) or "NATS does not answer"
            raise OperatorError(f"Dead letter {one.number} stays, {letter.stream} does not take it: {why}.") from error
        await self.drop(one)

    async def drop(self, one: Letter) -> None:
        """Takes it off the list for good."""
        await self._jetstream.delete_msg(DEADLETTERS.name, one.number)


def _read(copy: RawStreamMsg) -> Letter:
    """What somebody else put there is shown as well, rather than hiding the rest."""
    number, payload = copy.seq or 0, copy.data or b""
    try:
        letter = DeadLetter.of(_headers(copy), payload)
    except (KeyError, ValueError):
        letter = DeadLetter("", "", 0, "", copy.subject or "", payload, "this is no dead letter", 0, copy.time or now())
    return Letter(number, letter)


def _headers(copy: RawStreamMsg) -> dict[str, str]:
    """Read here, since the client takes them for a mail's: it garbles whatever is not ASCII."""
    _, *lines = base64.b64decode(copy.hdrs or b"").decode().split("\r\n")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
