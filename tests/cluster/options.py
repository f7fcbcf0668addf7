"""What a run is told: on the command line, or by the environment (`--connect` is SHOP_CONNECT, and so on)."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.local.layout import REPOSITORY

LOCAL = REPOSITORY / ".local"
"""Where everything that a run writes lies."""
_HTTPS = 443


class Options(BaseSettings):
    """Each field is an option and an environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="SHOP_")

    url: str = Field("https://ticketing.dev", description="the shop's public address")
    connect: str = Field("", description="HOST:PORT that is connected to instead, as if a hosts file said so")
    namespace: str = Field("ticketing", description="where the shop lives; `fresh` and `prod` delete it")
    overlay: str = Field("infra/k8s-dev", description="what `fresh` brings up")
    context: str = Field("", description="has to name the present context, unless that is a kind cluster")
    seed: int = Field(1, description="of the order in which pods are killed, and of what people do meanwhile")
    people: int = Field(4, ge=1, description="how many trade while something is restarted")
    report: Path = Field(LOCAL / "cluster-report.md", description="where the report is written")
    outside: str = Field("", description="HOST:PORT outside the cluster that is known to answer, for `arrows`")
    upgrade_tag: str = Field("before", description="the tag of the images that `rolling` goes to and comes back from")
    gateway_class: str = Field("traefik", description="the GatewayClass that `gateway` asks for")

    @property
    def host(self) -> str:
        """The name in the public address."""
        return urlsplit(self.url).hostname or ""

    @property
    def place(self) -> tuple[str, int]:
        """Where a connection for that name goes."""
        if not self.connect:
            return self.host, urlsplit(self.url).port or _HTTPS
        host, _, port = self.connect.rpartition(":")
        return host, int(port)


def parse(steps: Sequence[str], arguments: Sequence[str] | None = None) -> tuple[list[str], Options]:
    """The steps that were asked for, all of them if none was, and everything else."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster", description="What can only be seen on a real cluster.", epilog=__doc__
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"one of {', '.join(steps)}; all of them by default")
    for name, field in Options.model_fields.items():
        parser.add_argument(f"--{name.replace('_', '-')}", help=f"{field.description} ({field.default or 'none'})")
    given: dict[str, Any] = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value}
    asked = list(dict.fromkeys(given.pop("steps", []))) or list(steps)
    if unknown := [step for step in asked if step not in steps]:
        parser.error(f"there is no step {', '.join(unknown)}: choose from {', '.join(steps)}")
    return asked, Options(**given)
