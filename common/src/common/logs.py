"""One JSON object a line on stdout, with the request's id; values that look like secrets are masked."""

import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

from .clock import now, rfc3339

request_id: ContextVar[str] = ContextVar("request_id", default="")
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""W3C trace context of what is being done: from the request or the event that caused it, into the events it causes."""

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_SECRETS = re.compile(
    r"(?P<keep>://[^:/@\s]+:)[^@/\s]+(?=@)"  # a password in a URL
    r"|\b(?:sk|rk|whsec)_[A-Za-z0-9_]+"  # Stripe's secret keys
    r"|\bpi_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # a JWT
)


def masked(text: str) -> str:
    """The text without what nobody may read in a log."""
    return _SECRETS.sub(lambda found: (found["keep"] or "") + "***", text)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; what is passed as `extra` becomes members."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": rfc3339(now()),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id.get():
            line["requestId"] = request
        if trace := traceparent.get():
            line["traceId"] = trace.split("-")[1]
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return masked(json.dumps(line, default=str, ensure_ascii=False))


def configure(service: str, level: str) -> None:
    """Sends every logger of this process to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "arq"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore", "pymongo", "stripe", "nats"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
