"""Every environment variable that payments reads."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from common.settings import ServiceSettings, local_secret

_STRIPE = "https://api.stripe.com"


class Settings(ServiceSettings):
    """Beside what every service reads. Test keys and live keys are never mixed."""

    currency: str = Field("usd", pattern=r"^[a-z]{3}$", description="the one currency of this installation (ISO 4217)")
    stripe_key: SecretStr = local_secret("sk_test_local", "Stripe's secret key (sk_...) or a restricted one (rk_...)")
    stripe_publishable_key: str = Field("pk_test_local", description="its publishable key, in the same mode")
    stripe_webhook_secret: SecretStr = local_secret("whsec_local", "the secret that signs Stripe's webhooks")
    stripe_url: str = Field(_STRIPE, description="where Stripe's API is; a stand-in's address for local use")
    give_up_seconds: float = Field(120, gt=0, description="after a silent order's deadline its payment is cancelled")
    undecided_seconds: float = Field(
        60, gt=0, description="after which a payment in doubt is settled by reading Stripe"
    )
    sweep_interval_seconds: float = Field(10, gt=0, description="between two looks for what remains to be done")
    repeat_after_seconds: float = Field(60, gt=0, description="after which an unanswered authorisation is said again")
    repeat_limit_seconds: float = Field(600, gt=0, description="the longest wait between two repeats")

    @model_validator(mode="after")
    def _keep_modes_apart(self) -> Self:
        key = self.stripe_key.get_secret_value()
        if not key.startswith(("sk_", "rk_")):
            raise ValueError("STRIPE_KEY has to be a secret key: it begins with sk_ or rk_")
        if not self.stripe_publishable_key.startswith("pk_"):
            raise ValueError("STRIPE_PUBLISHABLE_KEY has to be a publishable key: it begins with pk_")
        if not self.stripe_webhook_secret.get_secret_value().startswith("whsec_"):
            raise ValueError("STRIPE_WEBHOOK_SECRET has to be a webhook's signing secret: it begins with whsec_")
        live = _is_live(key)
        if live != _is_live(self.stripe_publishable_key):
            raise ValueError(
                "STRIPE_KEY and STRIPE_PUBLISHABLE_KEY have to be of the same mode, both test or both live"
            )
        if live and self.environment == "local":
            raise ValueError("STRIPE_KEY is a live key: with ENVIRONMENT=local only test keys are taken")
        if live and self.stripe_url.rstrip("/") != _STRIPE:
            raise ValueError(f"STRIPE_KEY is a live key: it goes to {_STRIPE} and nowhere else")
        if urlsplit(self.stripe_url).scheme not in {"http", "https"}:
            raise ValueError("STRIPE_URL has to be an http or https address")
        return self


def _is_live(key: str) -> bool:
    return key.split("_", 2)[1] == "live"
