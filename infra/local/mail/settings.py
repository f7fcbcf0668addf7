"""What the sink reads from the environment: a password has no place on a command line."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MailSettings(BaseSettings):
    """Each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    mail_sink_user: str = Field("", description="with it, nobody sends without signing in (a relay's is `apikey`)")
    mail_sink_password: SecretStr = Field(SecretStr(""), description="that user's password")
