"""Every setting that a service reads is told it, nothing else is, and what it is told it takes."""

import copy
import re
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from common.bus.streams import StreamSettings
from common.settings import ServiceSettings
from common.testing import Kit
from infra.local.mail.settings import MailSettings
from infra.ops.operator import OperatorSettings
from tests.repo.services import SERVICES, Service

from .builds import RECIPES, Build, Recipe

_KIT = Kit("manifests")
_SECRETS = {
    ("jwt-secret", "JWT_PUBLIC_KEYS"): _KIT.signer.public_key,
    ("jwt-secret", "JWT_PRIVATE_KEY"): _KIT.private_key,
    ("stripe-secret", "STRIPE_KEY"): "sk_test_1",
    ("stripe-secret", "STRIPE_PUBLISHABLE_KEY"): "pk_test_1",
    ("stripe-secret", "STRIPE_WEBHOOK_SECRET"): "whsec_1",
}
_USED = re.compile(r"\$\((\w+)\)")
OTHERWISE = {
    "expiration": {"drain_seconds"},  # nobody sends them requests
    "emails": {"drain_seconds", "smtp_host", "smtp_username"},  # SendGrid
}
"""What production is told other than the default."""
_ITS_SERVER = "UVICORN_"
"""What uvicorn reads, not the service."""
PREPARING = {"database", "code"}
"""Containers that wait or copy before the service starts, and are told nothing."""
STAND_IN = {"stripe_url", "stripe_js_url", "smtp_host", "smtp_port", "smtp_security", "smtp_username"}
PROD, DEV = Recipe("k8s-prod"), Recipe("k8s-dev")


@pytest.fixture(params=SERVICES, ids=lambda service: service.name)
def service(request: pytest.FixtureRequest) -> Service:
    """Each in turn."""
    found: Service = request.param
    return found


def told(build: Build, container: Mapping[str, Any]) -> dict[str, str]:
    """A container's environment, with secrets as good as any."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= build.of("ConfigMap")[source["configMapRef"]["name"]]["data"]
    for variable in container.get("env", []):
        if "value" in variable:
            value = _USED.sub(lambda used: found[used[1]], variable["value"])
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            value = _SECRETS.get((reference["name"], reference["key"]), "s3cret")
        found[variable["name"]] = value
    return found


def differences(build: Build, container: Mapping[str, Any], settings: Any) -> dict[str, set[str]]:
    """What it reads and is not told, and what it is told and does not read, not even within something else."""
    wanted = {name.upper() for name in settings.model_fields}
    given = {name for name in told(build, container) if not name.startswith(_ITS_SERVER)}
    within = {used for one in container.get("env", []) for used in _USED.findall(one.get("value", ""))}
    return {"not told": wanted - given, "not read": given - wanted - within}


def _container(build: Build, deployment: str) -> dict[str, Any]:
    found: dict[str, Any] = build.of("Deployment")[deployment]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_it_is_told_what_it_reads_and_nothing_else(service: Service, built: Build) -> None:
    found = differences(built, _container(built, service.name), service.settings)
    assert found == {"not told": set(), "not read": set()}


def test_it_takes_what_it_is_told(service: Service, built: Build) -> None:
    settings = _settings(service, built)
    assert settings.environment == "production"
    assert settings.nats_user == service.name
    login = f"mongodb://{service.name}:s3cret@{service.name}-mongo:27017/{service.name}"
    assert settings.mongo_url.get_secret_value() == f"{login}?replicaSet=rs0&authSource={service.name}"


def _settings(service: Service, build: Build) -> ServiceSettings:
    values: dict[str, Any] = {
        name.lower(): value for name, value in told(build, _container(build, service.name)).items()
    }
    return service.settings(**{name: value for name, value in values.items() if value})


def test_production_is_told_the_defaults(service: Service, builds: dict[Recipe, Build]) -> None:
    """Whoever reads a service's page, its settings or its manifest reads the same."""
    build = builds[PROD]
    settings = _settings(service, build)
    chosen = {name.lower() for name in build.config(f"{service.name}-settings")}
    fields = type(settings).model_fields
    other = {name for name in chosen if getattr(settings, name) != fields[name].default}
    assert other == OTHERWISE.get(service.name, set())


def test_development_is_told_the_same_but_for_the_stand_ins(service: Service, builds: dict[Recipe, Build]) -> None:
    dev, prod = (builds[recipe].config(f"{service.name}-settings") for recipe in (DEV, PROD))
    assert dev.keys() == prod.keys()
    assert {name.lower() for name in dev if dev[name] != prod[name]} <= STAND_IN


def test_one_currency_is_everybodys(built: Build) -> None:
    said = {service.name: built.config(f"{service.name}-settings").get("CURRENCY") for service in SERVICES}
    assert len({currency for currency in said.values() if currency}) == 1
    assert {name for name, currency in said.items() if currency} == {"tickets", "payments", "client"}


def test_whoever_runs_for_a_service_is_told_the_same(service: Service, built: Build) -> None:
    """Its jobs, its part of the audit and the worker."""
    of_it = [
        (pod.name, one)
        for pod in built.pods
        for one in pod.containers
        if one["image"].startswith(f"ticketing/{service.name}:") and one["name"] not in PREPARING
    ]
    mine = told(built, _container(built, service.name))
    assert [f"{name} {one['name']}" for name, one in of_it if told(built, one) != mine] == []
    assert len(of_it) >= 5


def test_jobs_of_nobodys_are_told_what_they_read(built: Build) -> None:
    streams = built.of("Job")["streams"]["spec"]["template"]["spec"]["containers"][0]
    operator = built.of("CronJob")["operator"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert differences(built, streams, StreamSettings) == {"not told": {"STREAM_MAX_BYTES"}, "not read": set()}
    assert differences(built, operator, OperatorSettings) == {"not told": set(), "not read": set()}
    assert told(built, streams)["STREAM_REPLICAS"] == ("3" if built.is_prod else "1")


def test_the_mail_sink_asks_for_no_password(builds: dict[Recipe, Build]) -> None:
    assert not set(told(builds[DEV], _container(builds[DEV], "mail"))) & {
        one.upper() for one in MailSettings.model_fields
    }


def test_what_is_missing_or_too_much_is_noticed(builds: dict[Recipe, Build]) -> None:
    build = builds[RECIPES[0]]
    settings = next(one.settings for one in SERVICES if one.name == "payments")
    container = copy.deepcopy(_container(build, "payments"))
    container["env"] = [one for one in container["env"] if one["name"] != "STRIPE_KEY"]
    container["env"] += [{"name": "STRIPE_KYE", "value": "x"}, {"name": "UNUSED_PASSWORD", "value": "x"}]
    found = differences(build, container, settings)
    assert found == {"not told": {"STRIPE_KEY"}, "not read": {"STRIPE_KYE", "UNUSED_PASSWORD"}}
    assert isinstance(settings.model_fields["stripe_key"].default, SecretStr)
