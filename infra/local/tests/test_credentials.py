import base64
import json
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.local import credentials
from infra.local.errors import StackError
from infra.local.layout import Layout


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")


def test_secrets_are_made_once_and_kept_private(layout: Layout) -> None:
    made = credentials.load(layout.credentials, ["auth", "tickets"])
    assert credentials.load(layout.credentials, ["auth", "tickets"]) == made
    assert stat.S_IMODE(layout.credentials.stat().st_mode) == 0o600
    assert set(made.mongo) == set(made.nats) - {"operator", "auditor"} == {"admin", "auth", "tickets"}
    assert len({*made.mongo.values(), *made.nats.values(), made.redis}) == 9


def test_a_new_service_gets_passwords_and_the_others_keep_theirs(layout: Layout) -> None:
    before = credentials.load(layout.credentials, ["auth"])
    after = credentials.load(layout.credentials, ["auth", "emails"])
    assert after.mongo["auth"] == before.mongo["auth"]
    assert after.mongo["emails"]
    assert after.signing_seed == before.signing_seed


def test_what_the_seed_signs_the_public_key_verifies(layout: Layout) -> None:
    made = credentials.load(layout.credentials, [])
    signature = Ed25519PrivateKey.from_private_bytes(decode(made.signing_seed)).sign(b"token")
    Ed25519PublicKey.from_public_bytes(decode(made.verifying_key)).verify(signature, b"token")


def test_the_key_file_is_what_mongod_takes(layout: Layout) -> None:
    key = credentials.load(layout.credentials, []).mongo_key
    assert 6 <= len(key) <= 1024
    assert base64.b64decode(key, validate=True)


@pytest.mark.parametrize("content", ["{", json.dumps({"mongo": {}}), "[]"])
def test_a_broken_file_is_one_sentence(layout: Layout, content: str) -> None:
    layout.credentials.write_text(content)
    with pytest.raises(StackError, match="cannot be read"):
        credentials.load(layout.credentials, [])
