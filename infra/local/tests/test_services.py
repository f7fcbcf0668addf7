from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import credentials, services
from infra.local.layout import Layout
from infra.local.services import SERVICES, Surroundings


@pytest.fixture
def around(layout: Layout) -> Surroundings:
    return Surroundings(
        public_url="http://localhost:8080",
        mongo={"mongo": 27017},
        nats=4222,
        redis=6379,
        stripe=12111,
        smtp=1025,
        services={service: [20000 + number] for number, service in enumerate(SERVICES)},
        inside={},
        credentials=credentials.load(layout.credentials, SERVICES),
        inherited={},
    )


def test_only_auth_can_sign(around: Surroundings) -> None:
    told = {service: services.environment(service, around) for service in SERVICES}
    assert [service for service in SERVICES if "JWT_PRIVATE_KEY" in told[service]] == ["auth"]
    assert {told[service]["JWT_PUBLIC_KEYS"] for service in SERVICES} == {around.credentials.verifying_key}


def test_each_service_knows_its_own_database_and_user_alone(around: Surroundings) -> None:
    for service in SERVICES:
        told = services.environment(service, around)
        password = around.credentials.mongo[service]
        assert told["MONGO_URL"] == (
            f"mongodb://{service}:{password}@127.0.0.1:27017/{service}?replicaSet=rs0&authSource={service}"
        )
        assert (told["NATS_USER"], told["NATS_PASSWORD"]) == (service, around.credentials.nats[service])
        others = {around.credentials.mongo[other] for other in SERVICES if other != service}
        assert not [secret for secret in others if any(secret in value for value in told.values())]


def test_a_choice_of_whoever_started_the_stack_wins(around: Surroundings) -> None:
    chosen = replace(around, inherited={"STRIPE_URL": "https://api.stripe.com", "SMTP_HOST": "smtp.sendgrid.net"})
    assert "STRIPE_URL" not in services.environment("payments", chosen)
    assert "STRIPE_JS_URL" not in services.environment("client", chosen)
    assert not {"SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY"} & set(services.environment("emails", chosen))


def test_the_wiring_cannot_be_chosen(around: Surroundings) -> None:
    chosen = replace(around, inherited={"MONGO_URL": "mongodb://elsewhere/x", "NATS_USER": "admin"})
    told = services.environment("orders", chosen)
    assert told["MONGO_URL"].startswith("mongodb://orders:")
    assert told["NATS_USER"] == "orders"


def test_with_replicas_a_fellow_is_found_through_the_gateway(around: Surroundings) -> None:
    two = replace(around, services={**around.services, "orders": [21000, 21001]}, inside={"orders": 22000})
    assert services.environment("client", two)["ORDERS_URL"] == "http://127.0.0.1:22000"
    assert services.environment("client", two)["AUTH_URL"] == "http://127.0.0.1:20000"
    assert {"orders-1", "orders-2", "auth", "expiration-worker"} <= {part.name for part in services.parts(two)}


def test_a_service_listens_here_alone_and_needs_its_servers(around: Surroundings) -> None:
    for part in services.parts(around):
        assert {"mongo", "databases", "nats", "streams"} <= set(part.needs)
        if "uvicorn" in part.command:
            assert part.command[part.command.index("--host") + 1] == "127.0.0.1"
        assert Path(part.command[0]).exists()
