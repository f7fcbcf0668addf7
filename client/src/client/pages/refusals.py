"""Pages that say no; below /api, where a program asks, the one error shape of the services."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from client.errors import CrossSite, Crowded, OurFault, Refused, SignInFirst
from common.errors import AppError, NotFound, NotOwner, Unavailable
from common.mongo import OUTAGES

from .front import Page, next_query

_UNAUTHORIZED, _MISSING, _BAD = 401, 404, 400
_ORDERS = Markup('<a href="/orders">{}</a>')
Handler = Callable[[Request, Exception], Awaitable[Response] | Response]


def install(app: FastAPI) -> None:
    """Answers people with pages."""
    for kind in (AppError, RequestValidationError, HTTPException, *OUTAGES):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))


def _for_people(for_programs: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/api/"):
            answered = for_programs(request, error)
            return answered if isinstance(answered, Response) else await answered
        return _page(request, error)

    return answer


def _page(request: Request, error: Exception) -> Response:
    page = Page(request)
    if isinstance(error, SignInFirst):
        return page.go(f"/signin{next_query(error.way_back)}")
    if isinstance(error, Refused):
        return _refused(page, error)
    status, why = _kind(error)
    answer = _no(page, status, why, again=page.here if status >= OurFault.status and request.method == "GET" else "")
    if status == Unavailable.status:
        answer.headers["Retry-After"] = "2"
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


def _kind(error: Exception) -> tuple[int, str]:
    """The status, and which words."""
    if isinstance(error, NotFound | NotOwner):
        return _MISSING, "missing"
    if isinstance(error, RequestValidationError):
        in_path = any(one["loc"][0] == "path" for one in error.errors())
        return (_MISSING, "missing") if in_path else (_BAD, "bad")
    if isinstance(error, HTTPException):
        return error.status_code, "missing" if error.status_code == _MISSING else "bad"
    if isinstance(error, (Unavailable, *OUTAGES)):
        return Unavailable.status, "crowded" if isinstance(error, Crowded) else "silent"
    if isinstance(error, CrossSite):
        return error.status, "cross"
    status = error.status if isinstance(error, AppError) else OurFault.status
    return status, "fault" if status >= OurFault.status else "bad"


def _refused(page: Page, error: Refused) -> Response:
    """What an API said no to, and no form is there to show it."""
    if error.answered == _UNAUTHORIZED and error.reason != NotOwner.code:
        return page.go(f"/signin{next_query(page.here)}")
    if error.answered in {_UNAUTHORIZED, _MISSING}:
        return _no(page, _MISSING, "missing")
    return _no(page, error.answered, "refusal", sentence=page.words.problem(error.reason))


def _no(page: Page, status: int, why: str, *, sentence: str = "", again: str = "") -> Response:
    orders = _ORDERS.format(page.words("missing.orders"))
    return page.show("no.html", status, why=why, sentence=sentence, again=again, orders_link=orders)
