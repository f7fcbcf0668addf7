"""Who is asking: an Ed25519-signed JWT (RFC 7519, RFC 8037) that only auth can make and everybody can check.

A key's `kid` is its thumbprint (RFC 7638), so a list of keys needs no names, and a key can be changed with nobody
signed out: publish the new one beside the old one, sign with the new one, remove the old one after a token's lifetime.
"""

import base64
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .clock import Clock, now

LEEWAY = timedelta(seconds=60)
"""How far the clocks of two services may differ."""
ALGORITHM = "EdDSA"
_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class User:
    """Somebody signed in; `iat` and `exp` are seconds since the epoch, as in the token."""

    id: str
    email: str
    iat: int
    exp: int


def encode_key(raw: bytes) -> str:
    """Raw key bytes as a setting holds them: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode_key(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except ValueError as error:
        raise ValueError("a key is 32 bytes in base64url") from error
    if len(raw) != 32:  # noqa: PLR2004 (RFC 8032: an Ed25519 key)
        raise ValueError("a key is 32 bytes in base64url")
    return raw


def key_id(public: str) -> str:
    """The RFC 7638 thumbprint of an Ed25519 public key given in base64url."""
    canonical = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": public}, separators=(",", ":"), sort_keys=True)
    return encode_key(hashlib.sha256(canonical.encode()).digest())


class Signer:
    """Makes session tokens; only auth has one."""

    def __init__(self, private_key: str, lifetime: timedelta) -> None:
        """`private_key`: the 32-byte Ed25519 seed in base64url."""
        self._key = Ed25519PrivateKey.from_private_bytes(_decode_key(private_key))
        self.public_key = encode_key(self._key.public_key().public_bytes_raw())
        self._kid = key_id(self.public_key)
        self.lifetime = lifetime

    def sign(self, user_id: str, email: str, moment: datetime) -> str:
        """A token for this user that is good for the lifetime from `moment`."""
        issued = int(moment.timestamp())
        claims = {"sub": user_id, "email": email, "iat": issued, "exp": issued + int(self.lifetime.total_seconds())}
        return jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._kid})


class Verifier:
    """Checks session tokens. A signature costs 80 us, so tokens found good are remembered by digest, within bounds."""

    def __init__(self, public_keys: str, clock: Clock = now) -> None:
        """`public_keys`: base64url, separated by commas."""
        keys = [_decode_key(name) for name in public_keys.split(",") if name.strip()]
        self._keys = {key_id(encode_key(raw)): Ed25519PublicKey.from_public_bytes(raw) for raw in keys}
        self._clock = clock
        self._known: OrderedDict[bytes, User] = OrderedDict()

    def verify(self, token: str) -> User | None:
        """The user, or None where the token is forged, expired, from the future or no token at all."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        user = self._known.get(digest) or self._remember(digest, self._read(token))
        if user is None:
            return None
        moment, leeway = self._clock().timestamp(), LEEWAY.total_seconds()
        return user if user.iat - leeway <= moment < user.exp + leeway else None

    def _remember(self, digest: bytes, user: User | None) -> User | None:
        if user is not None:
            self._known[digest] = user
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return user

    def _read(self, token: str) -> User | None:
        """What a well-signed token says; its times are judged by our own clock, and again at each use."""
        options: Any = {"require": ["sub", "iat", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, [ALGORITHM], options=options)
            return User(str(claims["sub"]), str(claims["email"]), int(claims["iat"]), int(claims["exp"]))
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            return None
