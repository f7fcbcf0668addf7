"""Tokens: who can make them, who believes them, and for how long."""

import secrets
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common import identity
from common.identity import Signer, Verifier, encode_key, key_id
from common.testing import FakeClock

LIFETIME = timedelta(hours=1)


def make_signer() -> Signer:
    return Signer(encode_key(secrets.token_bytes(32)), LIFETIME)


def test_a_token_names_its_user(clock: FakeClock) -> None:
    signer = make_signer()
    user = Verifier(signer.public_key, clock).verify(signer.sign("u1", "a@example.com", clock()))
    assert user is not None
    assert (user.id, user.email, user.exp - user.iat) == ("u1", "a@example.com", 3600)


def test_a_remembered_token_still_expires(clock: FakeClock) -> None:
    signer = make_signer()
    verifier, token = Verifier(signer.public_key, clock), signer.sign("u1", "a@example.com", clock())
    clock.advance(3600 + 59)
    assert verifier.verify(token) is not None
    clock.advance(2)
    assert verifier.verify(token) is None


def test_a_token_from_a_clock_that_is_ahead(clock: FakeClock) -> None:
    signer = make_signer()
    verifier = Verifier(signer.public_key, clock)
    assert verifier.verify(signer.sign("u1", "a@example.com", clock() + timedelta(seconds=55))) is not None
    assert verifier.verify(signer.sign("u1", "a@example.com", clock() + timedelta(seconds=65))) is None


def test_every_published_key_is_believed_and_no_other(clock: FakeClock) -> None:
    old, new, stranger = make_signer(), make_signer(), make_signer()
    verifier = Verifier(f" {old.public_key}, {new.public_key}= ", clock)
    assert verifier.verify(old.sign("u1", "a@example.com", clock())) is not None
    assert verifier.verify(new.sign("u1", "a@example.com", clock())) is not None
    assert verifier.verify(stranger.sign("u1", "a@example.com", clock())) is None


def forged(kind: str, signer: Signer, clock: FakeClock) -> str:
    """A token that must not be believed."""
    good = signer.sign("u1", "a@example.com", clock())
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = {"kid": key_id(signer.public_key)}
    stranger = Ed25519PrivateKey.generate()
    header, _, signature = good.split(".")
    return {
        "another's signature under our kid": jwt.encode(claims, stranger, "EdDSA", headers=kid),
        "no signature": jwt.encode(claims, None, "none", headers=kid),
        "our public key as an HMAC secret": jwt.encode(claims, signer.public_key, "HS256", headers=kid),
        "other claims": ".".join([header, jwt.encode(claims | {"sub": "u2"}, "x" * 32).split(".")[1], signature]),
        "no expiry": jwt.encode({"sub": "u1", "email": "a@example.com", "iat": 1}, stranger, "EdDSA", headers=kid),
        "no kid": jwt.encode(claims, stranger, "EdDSA"),
        "cut off": good[:-10],
        "no token": "nonsense",
        "empty parts": "..",
        "not ASCII": "é.é.é",
        "surrogates": "\udcff.\udcff.\udcff",
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "another's signature under our kid",
        "no signature",
        "our public key as an HMAC secret",
        "other claims",
        "no expiry",
        "no kid",
        "cut off",
        "no token",
        "empty parts",
        "not ASCII",
        "surrogates",
    ],
)
def test_a_forged_token_is_nobodys(clock: FakeClock, kind: str) -> None:
    signer = make_signer()
    assert Verifier(signer.public_key, clock).verify(forged(kind, signer, clock)) is None


def test_a_good_signature_is_checked_once_and_the_memory_is_bounded(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = make_signer()
    checked = []
    decode = jwt.decode

    def counting(token: str, *rest: Any, **options: Any) -> Any:
        checked.append(token)
        return decode(token, *rest, **options)

    monkeypatch.setattr(identity.jwt, "decode", counting)
    monkeypatch.setattr(identity, "_CACHED", 2)
    verifier = Verifier(signer.public_key, clock)
    first, *others = [signer.sign(f"u{number}", "a@example.com", clock()) for number in range(3)]
    for token in (first, first, first, *others, first):
        assert verifier.verify(token) is not None
    assert checked == [first, *others, first]


@pytest.mark.parametrize("key", ["short", "A" * 44, "!" * 43, ""])
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64url"):
        Signer(key, LIFETIME)


def test_the_kid_is_the_thumbprint_of_rfc_8037() -> None:
    """The example of RFC 8037, appendix A.3."""
    assert key_id("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
