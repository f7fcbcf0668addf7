"""Every environment variable that emails reads."""

import re
from email.policy import SMTP
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside what every service reads."""

    smtp_host: str = Field("127.0.0.1", description="the mail server")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_username: str = Field("", description="the user there; empty: no signing in")
    smtp_password: SecretStr = Field(SecretStr(""), description="that user's password")
    smtp_security: Literal["none", "starttls", "tls"] = Field("starttls", description="how the connection is encrypted")
    mail_from: str = Field("Ticketing <tickets@ticketing.dev>", description="the sender: a name and one address")
    public_url: str = Field(
        "https://ticketing.dev", pattern=r"^https?://[^\s/]\S*$", description="where the links in mails lead"
    )
    sweep_interval_seconds: float = Field(5, gt=0, description="how often it is looked for mails that are due")

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str) -> str:
        header = SMTP.header_factory("From", value)
        one = header.addresses[0].addr_spec if len(header.addresses) == 1 and not header.defects else ""
        if not re.fullmatch(r"[^@\s]+@[A-Za-z0-9.-]+", one) or not one.isascii():
            raise ValueError("MAIL_FROM is one address, with a name before it or without: Ticketing <shop@example.com>")
        return value

    @model_validator(mode="after")
    def _refuse_a_password_in_clear(self) -> Self:
        if self.smtp_username and self.smtp_security == "none" and self.environment != "local":
            raise ValueError("SMTP_SECURITY=none would send SMTP_PASSWORD in clear: it is starttls or tls, or local")
        return self
