"""The one error shape: `application/problem+json` (RFC 9457) with `errors: [{message, field?}]`."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from common.errors import AppError, FieldError, InvalidMany, NotFound, TooLarge, Unavailable
from common.mongo import OUTAGES, Refusal, has_just_started

_log = logging.getLogger(__name__)
_NAMES = {400: "malformed", 404: NotFound.code, 405: "method-not-allowed", 413: TooLarge.code}
_SENTENCES = {
    400: "The request cannot be read.",
    404: NotFound.sentence,
    405: "This address does not take that method.",
    413: TooLarge.sentence,
}
_PLAIN_WORDS = {"missing": "is missing", "json_invalid": "The body is not valid JSON."}


DESCRIPTION: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused, and why",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "errors"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["message"],
                                "properties": {"message": {"type": "string"}, "field": {"type": "string"}},
                            },
                        },
                    },
                }
            }
        },
    }
}
"""Every refusal, as OpenAPI describes it."""


class Problem(JSONResponse):
    """An error answer."""

    media_type = "application/problem+json"

    def __init__(
        self, status: int, code: str, errors: Sequence[FieldError], headers: Mapping[str, str] | None = None
    ) -> None:
        body: dict[str, Any] = {
            "type": f"urn:ticketing:problem:{code}",
            "title": errors[0].message,
            "status": status,
            "errors": [
                {"message": one.message} if one.field is None else {"message": one.message, "field": one.field}
                for one in errors
            ],
        }
        super().__init__(body, status, dict(headers) if headers else None)


def problem(error: AppError) -> Problem:
    """The answer to a business error."""
    headers = {"Retry-After": "2"} if error.status == Unavailable.status else None
    return Problem(error.status, error.code, error.errors, headers)


def unexpected() -> Problem:
    """The answer to our own fault; what it was stands in the log, never in the answer."""
    return Problem(500, "internal", [FieldError("Something failed on our side. It has been noted.")])


def invalid_fields(error: RequestValidationError) -> InvalidMany:
    """One entry for each bad field, named as the request names it."""
    found: dict[str | None, str] = {}
    for one in error.errors():
        place = [str(part) for part in one["loc"][1:]] if one["type"] != "json_invalid" else []
        field = ".".join(place) or None
        words = _PLAIN_WORDS.get(one["type"], one["msg"].removeprefix("Value error, "))
        found.setdefault(field, f"{field} {words}" if words == _PLAIN_WORDS["missing"] and field else words)
    return InvalidMany([FieldError(message, field) for field, message in found.items()])


async def _app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 (narrows the type that Starlette widens)
    return problem(error)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return problem(invalid_fields(error))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code, sentence = _NAMES.get(error.status_code, "http"), _SENTENCES.get(error.status_code, "This cannot be done.")
    return Problem(error.status_code, code, [FieldError(sentence)], error.headers)


async def _outage(_request: Request, error: Exception) -> Response:
    _log.warning("the database does not answer", extra={"error": str(error)[:200]})
    return problem(Unavailable())


async def _refusal(request: Request, error: Exception) -> Response:
    if has_just_started(error):
        return await _outage(request, error)
    raise error


def install(app: FastAPI) -> None:
    """Answers every refusal in the one shape."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Refusal, _refusal)
    for outage in OUTAGES:
        app.add_exception_handler(outage, _outage)
