"""Passwords and keys of one local stack: made at its first start, kept beside its data."""

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import StackError
from .layout import write_private


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every secret of the stack; `mongo` and `nats` are by user: the services and `admin`, at NATS two more."""

    mongo_key: str
    mongo: dict[str, str]
    nats: dict[str, str]
    redis: str
    signing_seed: str
    """Base64url of the 32 bytes of an Ed25519 seed; only auth is given it."""

    @property
    def verifying_key(self) -> str:
        """Base64url of the public key that belongs to `signing_seed`."""
        seed = base64.urlsafe_b64decode(self.signing_seed + "=")
        key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        return _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def load(path: Path, services: Iterable[str]) -> Credentials:
    """The stack's secrets, made now if this is its first start; a service that is new gets its passwords."""
    users = ("admin", *services)
    known = _read(path)
    credentials = Credentials(
        mongo_key=known.mongo_key if known else secrets.token_urlsafe(96).replace("-", "+").replace("_", "/"),
        mongo={user: (known.mongo.get(user) if known else None) or secrets.token_urlsafe(24) for user in users},
        nats={
            user: (known.nats.get(user) if known else None) or secrets.token_urlsafe(24)
            for user in (*users, "operator", "auditor")
        },
        redis=known.redis if known else secrets.token_urlsafe(24),
        signing_seed=known.signing_seed if known else _base64url(secrets.token_bytes(32)),
    )
    if credentials != known:
        write_private(path, json.dumps(asdict(credentials), indent=2))
    return credentials


def _read(path: Path) -> Credentials | None:
    if not path.exists():
        return None
    try:
        return Credentials(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise StackError(f"{path} cannot be read: put it back, or begin anew with `make reset`.") from None


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
