"""Every environment variable that orders reads."""

from pydantic import Field

from common.settings import ServiceSettings

_DAY = 24 * 3600


class Settings(ServiceSettings):
    """Beside what every service reads."""

    expiration_window_seconds: float = Field(900, gt=0, le=_DAY, description="how long a reservation holds its ticket")
    extension_seconds: float = Field(300, gt=0, le=_DAY, description="how much longer a reservation can be made, once")
    overdue_grace_seconds: float = Field(
        20, ge=0, le=_DAY, description="how long past its end a reservation waits for expiration before orders ends it"
    )
    sweep_interval_seconds: float = Field(10, gt=0, le=_DAY, description="how often saved state is looked through")
    repeat_after_seconds: float = Field(60, gt=0, le=_DAY, description="how long an answer may take before a repeat")
    repeat_limit_seconds: float = Field(600, gt=0, le=_DAY, description="the longest time between two repeats")
