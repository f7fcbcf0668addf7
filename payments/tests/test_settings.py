"""Test keys and live keys are never mixed."""

from typing import Any

import pytest
from pydantic import ValidationError

from payments.settings import Settings

PRODUCTION = {
    "environment": "production",
    "mongo_url": "mongodb://payments:pw@mongo/payments",
    "nats_password": "pw",
    "stripe_webhook_secret": "whsec_x",
}
LIVE = {"stripe_key": "sk_live_x", "stripe_publishable_key": "pk_live_x"}


@pytest.mark.parametrize(
    "given",
    [
        {"environment": "local"},
        PRODUCTION | LIVE,
        PRODUCTION | {"stripe_key": "rk_live_x", "stripe_publishable_key": "pk_live_x"},
        PRODUCTION | {"stripe_key": "sk_test_x", "stripe_publishable_key": "pk_test_x"},
        {"environment": "local", "stripe_url": "http://127.0.0.1:9999"},
    ],
)
def test_settings_that_are_taken(given: dict[str, Any]) -> None:
    assert "sk_" not in repr(Settings(**given))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"environment": "local"} | LIVE, "live key"),
        ({"environment": "local", "stripe_key": "rk_live_x", "stripe_publishable_key": "pk_live_x"}, "live key"),
        (PRODUCTION | {"stripe_key": "sk_live_x", "stripe_publishable_key": "pk_test_x"}, "same mode"),
        (PRODUCTION | {"stripe_key": "sk_test_x", "stripe_publishable_key": "pk_live_x"}, "same mode"),
        (PRODUCTION | {"stripe_key": "pk_live_x", "stripe_publishable_key": "sk_live_x"}, "secret key"),
        (PRODUCTION | {"stripe_key": "sk_live_x", "stripe_publishable_key": "sk_live_x"}, "publishable key"),
        (PRODUCTION | LIVE | {"stripe_url": "http://stripe:12111"}, "nowhere else"),
        ({"environment": "local", "stripe_url": "stripe:12111"}, "http or https"),
        (PRODUCTION, "STRIPE_KEY has to be set"),
        (PRODUCTION | LIVE | {"stripe_webhook_secret": "whsec_local"}, "STRIPE_WEBHOOK_SECRET has to be set"),
        (PRODUCTION | LIVE | {"stripe_webhook_secret": "a guess"}, "begins with whsec_"),
        (PRODUCTION | LIVE | {"stripe_webhook_secret": ""}, "begins with whsec_"),
        ({"environment": "local", "undecided_seconds": 0}, "greater than 0"),
    ],
)
def test_settings_that_are_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word) as refusal:
        Settings(**given)
    assert "sk_live_x" not in str(refusal.value)
