"""Defaults that are secret work on one machine and nowhere else."""

import pytest
from pydantic import SecretStr, ValidationError

from common.settings import ServiceSettings, local_secret


class Settings(ServiceSettings):
    api_key: SecretStr = local_secret("sk_test_local", "a key")


GIVEN = {"api_key": "sk_live_x", "mongo_url": "mongodb://db/x", "nats_password": "p"}


def test_local_use_needs_no_secret() -> None:
    assert Settings(environment="local").api_key.get_secret_value() == "sk_test_local"


@pytest.mark.parametrize("missing", GIVEN)
def test_anywhere_else_each_secret_has_to_be_given(missing: str) -> None:
    given = {name: SecretStr(value) for name, value in GIVEN.items() if name != missing}
    with pytest.raises(ValidationError, match=f"{missing.upper()} has to be set"):
        Settings(**given)


def test_production_with_its_own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name.upper(), value)
    assert Settings().environment == "production"


def test_no_secret_shows_in_a_representation() -> None:
    assert "sk_test_local" not in repr(Settings(environment="local"))
