"""What can be said through the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClusterSettings(BaseSettings):
    """Each field is the environment variable of the same name; KUBECONFIG is kubectl's own affair."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    build_options: str = Field("", description="more options for `podman build` or `docker build`")
    kind_experimental_provider: str = Field(
        "", description="with `podman`, as kind reads it, images are built with that"
    )
    stripe_key: SecretStr = Field(SecretStr(""), description="Stripe's secret key")
    stripe_publishable_key: SecretStr = Field(SecretStr(""), description="its publishable key, of the same mode")
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), description="what signs Stripe's webhooks")
    sendgrid_api_key: SecretStr = Field(SecretStr(""), description="the mail server's password")

    def given(self, name: str) -> str:
        """The value of `STRIPE_KEY`, ...; empty where there is none."""
        value: SecretStr = getattr(self, name.lower())
        return value.get_secret_value()
