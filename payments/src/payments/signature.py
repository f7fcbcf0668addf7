"""Whether a webhook comes from Stripe (docs.stripe.com/webhooks, "Verify webhook signatures manually")."""

import hashlib
import hmac
from datetime import datetime, timedelta

from .errors import BadSignature

TOLERANCE = timedelta(minutes=5)
"""Between Stripe's clock and ours, both ways: neither an old event nor one from the future is taken."""
_LONGEST = 4096
_DIGITS = 12


def verify(secret: str, header: str | None, body: bytes, moment: datetime) -> None:
    """Raises `BadSignature` unless the secret signed this very body, about now. While a secret is rolled, two sign."""
    fields = [part.strip().partition("=") for part in (header or "")[:_LONGEST].split(",")]
    stamps = [value for name, _, value in fields if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal()) or len(stamps[0]) > _DIGITS:
        raise BadSignature
    expected = hmac.new(secret.encode(), stamps[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    signatures = [value.encode() for name, _, value in fields if name == "v1"]
    if not any(hmac.compare_digest(expected, one) for one in signatures):
        raise BadSignature
    if abs(moment.timestamp() - int(stamps[0])) > TOLERANCE.total_seconds():
        raise BadSignature
