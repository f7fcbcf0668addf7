"""The operator's own way to NATS: who they are, and where the server is."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.local import credentials
from infra.local.layout import Layout
from infra.local.services import SERVICES
from infra.local.settings import load

USER = "operator"
_WITHIN = 5


class OperatorError(Exception):
    """What the operator has to know, as one sentence."""


class OperatorSettings(BaseSettings):
    """Without NATS_URL it is the stack that `make run` started."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    nats_url: str = Field("", description="addresses of NATS, separated by commas")
    nats_user: str = Field(USER, description="the operator's user at NATS")
    nats_password: SecretStr = Field(SecretStr(""), description="that user's password")


@asynccontextmanager
async def operating(settings: OperatorSettings | None = None) -> AsyncIterator[JetStreamContext]:
    """JetStream, as far as the operator's user may use it; `OperatorError` for whatever goes wrong with it."""
    settings = settings or OperatorSettings()
    url, user, password = _local() if not settings.nats_url else _given(settings)
    said: list[str] = []

    async def failed(error: Exception) -> None:
        said.append(str(error))

    try:
        client = await nats.connect(
            [one.strip() for one in url.split(",")],
            user=user or None,
            password=password or None,
            inbox_prefix=f"_INBOX_{user or USER}",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_WITHIN,
            error_cb=failed,
        )
    except (NatsError, OSError, ValueError) as error:
        raise OperatorError(f"NATS at {url} cannot be reached: {said[-1] if said else error}.") from error
    try:
        yield client.jetstream(timeout=_WITHIN)
    except (NatsTimeoutError, TimeoutError) as error:
        raise OperatorError(f"NATS at {url} does not answer: {said[-1] if said else 'no word in time'}.") from error
    except NatsError as error:
        raise OperatorError(f"NATS at {url} refuses: {error}.") from error
    finally:
        await client.close()


def _given(settings: OperatorSettings) -> tuple[str, str, str]:
    return settings.nats_url, settings.nats_user, settings.nats_password.get_secret_value()


def _local() -> tuple[str, str, str]:
    layout = Layout(load().root)
    if not layout.addresses.exists():
        raise OperatorError(f"No stack runs in {layout.root}: start one with `make run`, or set NATS_URL.")
    passwords = credentials.load(layout.credentials, SERVICES).nats
    return str(json.loads(layout.addresses.read_text())["nats"]), USER, passwords[USER]
