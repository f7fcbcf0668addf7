"""Ids that look like Stripe's and cannot be guessed."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def token(length: int = 24) -> str:
    """Letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_id(prefix: str) -> str:
    """`pi_3` and the like, followed by what makes it unique."""
    return f"{prefix}_{token()}"
