"""What can be said to the stack through the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import StackError
from .layout import REPOSITORY

HTTPS_OFFSET = 363
"""8080 + 363 = 8443."""


def _words(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


class StackSettings(BaseSettings):
    """Each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True)

    port: int = Field(8080, ge=1, le=65535 - HTTPS_OFFSET, description="the gateway's http; its https is 363 above")
    replicas: int = Field(1, ge=1, le=4, description="processes of each service")
    mongo_nodes: Annotated[Literal[1, 3], BeforeValidator(int)] = Field(
        1, description="members of MongoDB's replica set"
    )
    root: Path = Field(REPOSITORY / ".local", validation_alias="TICKETING_LOCAL", description="where it all lives")
    stream_max_bytes: int = Field(256 * 2**20, ge=2**20, description="how much each stream of events may hold")
    only: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), validation_alias="TICKETING_ONLY", description="start these parts alone"
    )

    @property
    def https_port(self) -> int:
        """The gateway's https."""
        return self.port + HTTPS_OFFSET


def load(**chosen: object) -> StackSettings:
    """The settings of the environment, except for those `chosen` on the command line (None: not chosen)."""
    given = {name: value for name, value in chosen.items() if value is not None}
    try:
        settings = StackSettings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        raise StackError(f"{name} cannot be {first['input']!r}: {first['msg'].lower()}.") from None
    return settings.model_copy(update={"root": settings.root.expanduser().resolve()})


def inherited() -> dict[str, str]:
    """The environment of whoever started the stack: each setting in it reaches every service."""
    environment = dict(os.environ)  # noqa: TID251 (the stack passes all of it on; it knows no service's settings)
    # Without its compiled modules every Python process would take seconds longer to start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment
