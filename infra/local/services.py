"""The product's own processes: how each is started and what it is told."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import mongo, redis
from .credentials import Credentials
from .part import Part
from .ports import HOST, KEEP_ALIVE_SECONDS
from .probes import connected_to, http_answers

SERVICES = ("auth", "tickets", "orders", "payments", "expiration", "client", "emails")
WORKER = "expiration-worker"
_ASKED_BY_HTTP = frozenset({"auth", "tickets", "orders", "payments", "client"})
_GRACE = 25.0
"""Seconds to leave in order, also while what they stand on is away: common.web, common.bus and ARQ bound each step."""
STRIPE_SECRET = "whsec_local"  # noqa: S105 (good on one machine only; a service refuses it anywhere else)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where everything is that a service is told about."""

    public_url: str
    mongo: Mapping[str, int]
    nats: int
    redis: int
    stripe: int
    smtp: int
    services: Mapping[str, Sequence[int]]
    inside: Mapping[str, int]
    """With replicas: the port of the gateway that shares out one service's requests among them."""
    credentials: Credentials
    inherited: Mapping[str, str]

    def url(self, service: str) -> str:
        """Where a service finds its fellow."""
        return f"http://{HOST}:{self.inside.get(service, self.services[service][0])}"


def parts(around: Surroundings) -> tuple[Part, ...]:
    """Every service, once for each of its ports, and the worker."""
    services = [
        _service(service, name, port, around)
        for service, ports in around.services.items()
        for name, port in zip(names(service, len(ports)), ports, strict=True)
    ]
    return (*services, _worker(around))


def names(service: str, replicas: int) -> list[str]:
    """`tickets`, or `tickets-1`, `tickets-2` where there are several."""
    return [service] if replicas == 1 else [f"{service}-{number}" for number in range(1, replicas + 1)]


def _service(service: str, name: str, port: int, around: Surroundings) -> Part:
    command = (sys.executable, "-m", "uvicorn", f"{service}.main:app", "--host", HOST, "--port", str(port))
    options = ("--no-access-log", "--no-server-header", "--proxy-headers", "--forwarded-allow-ips", HOST)
    patience = ("--timeout-keep-alive", str(KEEP_ALIVE_SECONDS), "--timeout-graceful-shutdown", "5")
    return Part(
        name,
        (*command, *options, *patience),
        ready=http_answers(port, "/readyz"),
        env=environment(service, around),
        needs=_needs(service, around),
        grace=_GRACE,
    )


def _worker(around: Surroundings) -> Part:
    return Part(
        WORKER,
        (sys.executable, "-m", "arq", "expiration.worker.WorkerSettings"),
        ready=connected_to(around.redis),
        env=environment("expiration", around),
        needs=_needs("expiration", around),
        grace=_GRACE,
    )


def _needs(service: str, around: Surroundings) -> tuple[str, ...]:
    return (*around.mongo, "databases", "nats", "streams", *(("redis",) if service == "expiration" else ()))


def environment(service: str, around: Surroundings) -> dict[str, str]:
    """What one service reads: its wiring always, its choices unless whoever started the stack made others."""
    secrets = around.credentials
    wiring = {
        "MONGO_URL": mongo.url(around.mongo, service, secrets.mongo[service]),
        "NATS_URL": f"nats://{HOST}:{around.nats}",
        "NATS_USER": service,
        "NATS_PASSWORD": secrets.nats[service],
        "JWT_PUBLIC_KEYS": secrets.verifying_key,
    }
    if service == "auth":
        wiring["JWT_PRIVATE_KEY"] = secrets.signing_seed
    if service == "expiration":
        wiring["REDIS_URL"] = redis.url(around.redis, secrets.redis)
    if service == "client":
        wiring |= {f"{name.upper()}_URL": around.url(name) for name in ("auth", "tickets", "orders", "payments")}
    chosen = {name: value for name, value in _choices(service, around).items() if name not in around.inherited}
    return wiring | chosen


def webhook(around: Surroundings) -> tuple[str, str]:
    """Where the stand-in sends what happens there, and the secret that signs it."""
    return f"{around.url('payments')}/api/payments/webhook", around.inherited.get(
        "STRIPE_WEBHOOK_SECRET", STRIPE_SECRET
    )


def _choices(service: str, around: Surroundings) -> dict[str, str]:
    """The stand-ins: whoever names a real Stripe or mail server gets that, whole."""
    # Three looks of the gateway; where it sends nobody there is nothing to wait for.
    choices = {"ENVIRONMENT": "local", "DRAIN_SECONDS": "1.5" if service in _ASKED_BY_HTTP else "0"}
    if service == "payments" and "STRIPE_URL" not in around.inherited:
        choices |= {"STRIPE_URL": f"http://{HOST}:{around.stripe}", "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}
    if service == "client" and "STRIPE_URL" not in around.inherited:
        choices["STRIPE_JS_URL"] = "/stand-in/stripe/v3/"
    if service == "emails":
        choices["PUBLIC_URL"] = around.public_url
        if "SMTP_HOST" not in around.inherited:
            choices |= {"SMTP_HOST": HOST, "SMTP_PORT": str(around.smtp), "SMTP_SECURITY": "none"}
    return choices
