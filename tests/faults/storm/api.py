"""How people reach the shop: every request is written down, and what may never be answered is noticed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from httpx import AsyncClient, HTTPError, Response

from common.clock import now

from .history import History, Record

TIMEOUT = 20.0
NO_ANSWER = 0
NOT_FOUND = 404
OUTAGE = 500
"""Statuses from here on, and no answer, are only for times when something is broken."""
_TOLD_LENGTH = 300
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `unclear`: whether it was done is not known."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Acknowledged."""
        return self.status // 100 == 2

    @property
    def unclear(self) -> bool:
        """Whether it was done is not known."""
        return self.status == NO_ANSWER or self.status >= OUTAGE

    @property
    def code(self) -> str:
        """The problem's name, where it was refused."""
        return str(self.body.get("type", "")).rpartition(":")[2] if isinstance(self.body, dict) else ""


class Api:
    """One door for everybody; `broken` says whether anything was broken between two moments, or just before."""

    def __init__(self, http: AsyncClient, history: History, broken: Callable[[datetime, datetime], bool]) -> None:
        self._http = http
        self._history = history
        self._broken = broken

    async def ask(
        self,
        who: str,
        act: str,
        method: str,
        path: str,
        *,
        token: str = "",
        expected: tuple[int, ...],
        only_broken: tuple[int, ...] = (),
        about: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
        **content: Any,
    ) -> Reply:
        """One request. `expected`: what it may be answered; `only_broken`: and what else while something is broken."""
        began, clock = now(), time.monotonic()
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        try:
            answer = await self._http.request(method, path, headers=sent, **content)
            reply, told = Reply(answer.status_code, _body(answer)), answer.text
        except HTTPError as error:
            reply, told = Reply(NO_ANSWER, None), repr(error)
        asked = f"{method} {path} {content.get('json') or content.get('data') or ''}".strip()
        took = time.monotonic() - clock
        record = Record(began, took, who, act, asked, reply.status, _short(told), _named(about, reply))
        self._history.add(record)
        if reply.status not in expected:
            excused = (reply.unclear or reply.status in only_broken) and self._broken(began, now())
            if not excused:
                why = "an outage while nothing is broken" if reply.unclear else "an answer that may not be"
                self._history.violated("answer", f"{why}: {record.line()}", *record.about)
        return reply


def _body(answer: Response) -> Any:
    is_json = "json" in answer.headers.get("content-type", "")
    return answer.json() if is_json and answer.content else answer.text


def _short(told: str) -> str:
    return told if len(told) <= _TOLD_LENGTH else f"{told[:_TOLD_LENGTH]}..."


def _named(about: tuple[str, ...], reply: Reply) -> tuple[str, ...]:
    """The documents that a request or its answer names."""
    body = reply.body if isinstance(reply.body, dict) else {}
    found = [*about, body.get("id"), body.get("orderId")]
    if isinstance(ticket := body.get("ticket"), dict):
        found.append(ticket.get("id"))
    return tuple(dict.fromkeys(one for one in found if one))
