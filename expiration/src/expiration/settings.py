"""Every environment variable that expiration reads."""

from pydantic import Field, SecretStr

from common.settings import ServiceSettings, local_secret


class Settings(ServiceSettings):
    """Beside what every service reads."""

    redis_url: SecretStr = local_secret("redis://127.0.0.1:6379/0", "the Redis that keeps the timer's jobs")
    sweep_interval_seconds: float = Field(
        10, gt=0, description="how often lost jobs and expiries without an answer are looked for"
    )
    repeat_after_seconds: float = Field(60, gt=0, description="an expiry whose order has not moved is said again")
    repeat_limit_seconds: float = Field(600, gt=0, description="the longest wait between two repeats, which double")
