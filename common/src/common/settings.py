"""Settings from the environment, typed; default secrets are good for one machine and refused anywhere else."""

from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOCAL_ONLY = "default is for local use only"


def local_secret(value: str, description: str) -> Any:
    """A secret whose default works with ENVIRONMENT=local and nowhere else."""
    return Field(default=SecretStr(value), description=description, json_schema_extra={_LOCAL_ONLY: True})


class ServiceSettings(BaseSettings):
    """What every service reads. A subclass adds its own; each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    environment: Literal["local", "production"] = Field("production", description="`local` allows default secrets")
    mongo_url: SecretStr = local_secret(
        "mongodb://127.0.0.1:27017/ticketing", "the service's own database, named in the path"
    )
    nats_url: str = Field("nats://127.0.0.1:4222", description="addresses of NATS, separated by commas")
    nats_user: str = Field("", description="the service's user at NATS")
    nats_password: SecretStr = local_secret("", "that user's password")
    jwt_public_keys: str = Field("", description="Ed25519 public keys (base64url, 32 bytes raw), separated by commas")
    drain_seconds: float = Field(
        5, ge=0, le=60, description="how long a process that was asked to end serves on, saying that it is not ready"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what is logged")

    @model_validator(mode="after")
    def _refuse_default_secrets(self) -> Self:
        if self.environment == "local":
            return self
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get(_LOCAL_ONLY) and getattr(self, name) == field.default:
                raise ValueError(f"{name.upper()} has to be set: its default is for ENVIRONMENT=local only")
        return self
