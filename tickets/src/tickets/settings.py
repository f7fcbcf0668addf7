"""Every environment variable that tickets reads."""

from pydantic import Field

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside what every service reads."""

    currency: str = Field("usd", pattern=r"^[a-z]{3}$", description="the one currency of this installation (ISO 4217)")
