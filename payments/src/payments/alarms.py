"""What a person has to look at: an error in the log, and a count that rises."""

import logging

from prometheus_client import Counter

_log = logging.getLogger(__name__)
_raised = Counter("payments_alarms", "What a person has to look at, by kind (docs/payments.md)", ["kind"])


def raise_alarm(kind: str, words: str, **about: object) -> None:
    """Says so once; nothing is changed by it."""
    _raised.labels(kind).inc()
    _log.error(words, extra={"alarm": kind, **about})
