"""Keys that fit each other, or a sentence that says which does not."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from auth.settings import Settings
from common.identity import Verifier, encode_key
from common.testing import Kit

OURS, OTHER = Kit("auth"), Kit("other")


def test_without_public_keys_its_own_is_used() -> None:
    settings = Settings(environment="local")
    assert settings.verifying_keys() == settings.signer().public_key


@pytest.mark.parametrize("order", [list, lambda keys: keys[::-1]], ids=["first", "last"])
def test_its_own_key_may_stand_among_others(order: Callable[[list[str]], list[str]]) -> None:
    keys = ",".join(order([OURS.signer.public_key, OTHER.signer.public_key]))
    settings = Settings(environment="local", jwt_private_key=OURS.private_key, jwt_public_keys=keys)
    verifier = Verifier(settings.verifying_keys())
    assert verifier.verify(OURS.token("a" * 24)) is not None
    assert verifier.verify(OTHER.token("a" * 24)) is not None


@pytest.mark.parametrize(
    ("private", "public", "said"),
    [
        (OURS.private_key, OTHER.signer.public_key, f"JWT_PUBLIC_KEYS lacks {OURS.signer.public_key}"),
        ("short", "", "JWT_PRIVATE_KEY cannot be used: a key is 32 bytes"),
        (encode_key(b"x" * 31), "", "JWT_PRIVATE_KEY cannot be used: a key is 32 bytes"),
        (OURS.private_key, "nonsense", "JWT_PUBLIC_KEYS cannot be used: a key is 32 bytes"),
    ],
    ids=["another's", "no key", "too short", "no public key"],
)
def test_keys_that_do_not_fit_are_named(private: str, public: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Settings(environment="local", jwt_private_key=private, jwt_public_keys=public)
    assert private not in str(caught.value)


def test_the_local_key_signs_nothing_in_production() -> None:
    given = {"mongo_url": "mongodb://db/auth", "nats_password": "a password"}
    with pytest.raises(ValidationError, match="JWT_PRIVATE_KEY has to be set"):
        Settings(environment="production", **given)  # type: ignore[arg-type]
    assert Settings(environment="production", jwt_private_key=OURS.private_key, **given)  # type: ignore[arg-type]
