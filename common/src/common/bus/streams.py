"""The streams step: creates every stream of the catalogue, and DEADLETTERS, before any service starts.

`python -m common.bus.streams`; run again it brings the streams up to date and loses nothing.
"""

import asyncio
import logging
import sys

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, ServiceUnavailableError
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.events import DEADLETTERS, STREAMS
from common.logs import configure

from .connection import Connection

MAX_BYTES = 512 * 1024 * 1024
DUPLICATE_WINDOW_SECONDS = 120.0
WAIT_SECONDS = 60.0
_OTHER_CONFIGURATION = 10058
_RETRY_SECONDS = 0.2

_log = logging.getLogger(__name__)


class StreamSettings(BaseSettings):
    """What the step reads from the environment."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    nats_url: str = Field("nats://127.0.0.1:4222", description="addresses of NATS, separated by commas")
    nats_user: str = Field("", description="a user who may create streams")
    nats_password: SecretStr = Field(SecretStr(""), description="that user's password")
    stream_replicas: int = Field(1, ge=1, le=5, description="copies of each stream; 3 in production")
    stream_max_bytes: int = Field(MAX_BYTES, gt=0, description="a stream refuses events beyond this size")


async def create_streams(
    url: str,
    user: str = "",
    password: str = "",
    *,
    replicas: int = 1,
    max_bytes: int = MAX_BYTES,
    wait_seconds: float = WAIT_SECONDS,
) -> None:
    """Creates or updates every stream; `TimeoutError` if the server does not answer in time."""
    connection = Connection(url, service="streams", user=user, password=password)
    connection.open()
    try:
        async with asyncio.timeout(wait_seconds):
            link = await connection.wait()
            for stream in (*STREAMS.values(), DEADLETTERS):
                await _put_patiently(link.jetstream, _config(stream.name, stream.subjects, replicas, max_bytes))
    finally:
        await connection.close()


def _config(name: str, subjects: tuple[str, ...], replicas: int, max_bytes: int) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=list(subjects),
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_bytes=max_bytes,
        max_age=0,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        num_replicas=replicas,
    )


async def _put_patiently(jetstream: JetStreamContext, config: StreamConfig) -> None:
    """A cluster that has just started has no leader yet and says so, or nothing; the caller limits the wait."""
    while True:
        try:
            return await _put(jetstream, config)
        except (ServiceUnavailableError, TimeoutError) as error:
            _log.info("stream has to wait", extra={"stream": config.name, "error": str(error)})
            await asyncio.sleep(_RETRY_SECONDS)


async def _put(jetstream: JetStreamContext, config: StreamConfig) -> None:
    try:
        await jetstream.add_stream(config)
    except APIError as error:
        if error.err_code != _OTHER_CONFIGURATION:
            raise
        await jetstream.update_stream(config)
    _log.info("stream ready", extra={"stream": config.name})


def main() -> None:
    settings = StreamSettings()
    configure("streams", "info")
    step = create_streams(
        settings.nats_url,
        settings.nats_user,
        settings.nats_password.get_secret_value(),
        replicas=settings.stream_replicas,
        max_bytes=settings.stream_max_bytes,
    )
    try:
        asyncio.run(step)
    except TimeoutError:
        sys.exit(f"NATS at {settings.nats_url} has not answered within {WAIT_SECONDS:.0f} seconds.")
    except (NatsError, ValueError) as error:
        sys.exit(f"The streams could not be created: {error}")


if __name__ == "__main__":
    main()
