"""The table: who may open a connection to whom. What is not in it must not open.

An arrow is from, to and port. A pod is called by its labels: orders/service, orders/database, operations/job/audit.
`test_policies.py` holds the manifests against it, and `tests/cluster` what a cluster really lets through.
"""

from collections.abc import Iterator, Mapping

from infra.local.services import SERVICES

Arrow = tuple[str, str, int]
INGRESS, OUTSIDE, NAME_SERVER = "ingress", "outside", "name server"
COLLECTOR, CERTIFICATE = "metrics collector", "certificate"
BUS, TIMER, STRIPE, MAIL, GATEWAY = "nats/bus", "redis/timer", "stripe/stand-in", "mail/stand-in", "gateway/stand-in"
AUDIT = "operations/job/audit"
HTTP, MONGO, NATS, NATS_ROUTES, REDIS, SMTP, HTTPS, DNS = 8000, 27017, 4222, 6222, 6379, 1025, 443, 53
_SUBMISSION, _SOLVER = (587, 465), 8089
_ANSWERS_PEOPLE = ("auth", "tickets", "orders", "payments", "client")
_ASKED_BY_CLIENT = ("auth", "tickets", "orders", "payments")
_ASKS_STRIPE = ("payments/service", "payments/job/command", "payments/job/backup", AUDIT)
"""A backup's job restores as well, and payments looks at Stripe then."""
_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/component", "ticketing.dev/job")


def kind(labels: Mapping[str, str]) -> str:
    """What a pod with such labels is called."""
    return "/".join(labels[one] for one in _LABELS if one in labels) or "a pod without labels"


def arrows(
    *, stand_ins: bool, metrics: bool = False, gateway: bool = False, production: bool = False
) -> frozenset[Arrow]:
    """The table for an overlay with these components; everybody's way to the name server goes without saying."""
    found = {*_always(), *(_played() if stand_ins else _outside())}
    if metrics:
        found |= {(COLLECTOR, f"{name}/service", HTTP) for name in SERVICES}
    if gateway:
        found |= {(GATEWAY, f"{name}/service", HTTP) for name in _ANSWERS_PEOPLE}
        found |= {(GATEWAY, STRIPE, HTTP), (GATEWAY, MAIL, HTTP)}
    if production:
        found |= {(INGRESS, CERTIFICATE, _SOLVER)}
    return frozenset(found)


def _always() -> Iterator[Arrow]:
    yield from ((INGRESS, f"{name}/service", HTTP) for name in _ANSWERS_PEOPLE)
    yield from (("client/service", f"{name}/service", HTTP) for name in _ASKED_BY_CLIENT)
    for name in SERVICES:
        yield from _of_a_service(name)
    for who in ("expiration/service", "expiration/worker"):
        yield who, TIMER, REDIS
    yield BUS, BUS, NATS_ROUTES
    yield from ((f"operations/job/{job}", BUS, NATS) for job in ("streams", "operator", "audit"))
    yield from ((AUDIT, f"{name}/database", MONGO) for name in SERVICES)


def _of_a_service(name: str) -> Iterator[Arrow]:
    own = f"{name}/database"
    yield own, own, MONGO
    whose = ["service", "job/command", "job/backup", *(["worker"] if name == "expiration" else [])]
    for who in whose:
        yield f"{name}/{who}", own, MONGO
        yield f"{name}/{who}", BUS, NATS


def _outside() -> Iterator[Arrow]:
    yield from ((who, OUTSIDE, HTTPS) for who in _ASKS_STRIPE)
    yield from (("emails/service", OUTSIDE, port) for port in _SUBMISSION)


def _played() -> Iterator[Arrow]:
    yield from ((INGRESS, stand_in, HTTP) for stand_in in (STRIPE, MAIL))
    yield from ((who, STRIPE, HTTP) for who in _ASKS_STRIPE)
    yield STRIPE, "payments/service", HTTP
    yield "emails/service", MAIL, SMTP


ARROWS = arrows(stand_ins=True)
"""As `make k8s` brings it up."""
