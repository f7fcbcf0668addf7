"""The buyer's browser at Stripe: what it asks there is written down, and a bank that is away is nobody's fault."""

import time

from httpx import AsyncClient, HTTPError

from common.clock import now

from .api import NO_ANSWER, Json
from .history import History, Record

_BROWSER = {"Authorization": "Bearer pk_test_local"}


class Bank:
    """The stand-in's browser side."""

    def __init__(self, http: AsyncClient, history: History) -> None:
        self._http = http
        self._history = history

    async def ask(
        self, who: str, act: str, method: str, path: str, *, about: tuple[str, ...], **content: object
    ) -> Json | None:
        """What Stripe says of an intent; None where it says nothing, or no JSON."""
        began, clock = now(), time.monotonic()
        try:
            answer = await self._http.request(method, path, headers=_BROWSER, **content)  # type: ignore[arg-type]
            status, told = answer.status_code, answer.text
            is_json = "json" in answer.headers.get("content-type", "")
            found: Json | None = answer.json() if is_json and answer.is_success else None
        except HTTPError as error:
            status, told, found = NO_ANSWER, repr(error), None
        took = time.monotonic() - clock
        said = found.get("status", "") if found else told[:100]
        self._history.add(Record(began, took, who, act, f"{method} {path}", status, said, about))
        return found

    async def be_slow(self, fault: Json) -> None:
        """Tells the bank to be slow once; one that is away is slow enough."""
        try:
            await self._http.post("/stand-in/stripe/faults", json=fault)
        except HTTPError:
            return
