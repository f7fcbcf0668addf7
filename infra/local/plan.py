"""Joins the parts into one plan: which there are, what each needs, where each can be reached."""

from collections.abc import Mapping

from . import credentials, gateway, mongo, nats, ports, redis, services, standins
from .layout import Layout
from .part import Part, Plan, Step
from .ports import HOST
from .settings import StackSettings


def make(settings: StackSettings, layout: Layout, inherited: Mapping[str, str]) -> Plan:
    """The whole stack for these settings; ports and secrets are those of the last start where there was one."""
    nodes = services.names("mongo", settings.mongo_nodes)
    replicas = {service: services.names(service, settings.replicas) for service in services.SERVICES}
    shared = list(gateway.PREFIXES.values()) if settings.replicas > 1 else []
    chosen = ports.choose(
        layout.ports,
        [
            *nodes,
            *("nats", "redis", "stripe", "mail", "smtp"),
            *(name for names in replicas.values() for name in names),
            *(f"{service} for its fellows" for service in shared),
        ],
    )
    around = services.Surroundings(
        public_url=f"http://localhost:{settings.port}",
        mongo={name: chosen[name] for name in nodes},
        nats=chosen["nats"],
        redis=chosen["redis"],
        stripe=chosen["stripe"],
        smtp=chosen["smtp"],
        services={service: [chosen[name] for name in names] for service, names in replicas.items()},
        inside={service: chosen[f"{service} for its fellows"] for service in shared},
        credentials=credentials.load(layout.credentials, services.SERVICES),
        inherited=inherited,
    )
    plan = Plan(
        _parts(settings, layout, around, chosen["mail"]), _steps(settings, around), _addresses(settings, around, chosen)
    )
    return plan.only(settings.only) if settings.only else plan


def _parts(settings: StackSettings, layout: Layout, around: services.Surroundings, mail_port: int) -> tuple[Part, ...]:
    public = {service: around.services[service] for service in (*gateway.PREFIXES.values(), "client")}
    upstreams = {**public, "stripe": [around.stripe], "mail": [mail_port]}
    behind = (
        standins.stripe(layout, around.stripe, *services.webhook(around)),
        standins.mail(layout, mail_port, around.smtp),
        *services.parts(around),
    )
    needs = tuple(part.name for part in behind)
    return (
        *mongo.parts(layout, around.mongo, around.credentials),
        nats.part(layout, around.nats, around.credentials, settings.stream_max_bytes),
        redis.part(layout, around.redis, around.credentials.redis),
        *behind,
        gateway.part(layout, settings.port, settings.https_port, upstreams, around.inside, needs=needs),
    )


def _steps(settings: StackSettings, around: services.Surroundings) -> tuple[Step, ...]:
    return (
        mongo.users_step(around.mongo, around.credentials),
        nats.streams_step(around.nats, around.credentials.nats["admin"], settings.stream_max_bytes),
    )


def _addresses(
    settings: StackSettings, around: services.Surroundings, chosen: Mapping[str, int]
) -> dict[str, str | list[str]]:
    addresses: dict[str, str | list[str]] = {
        "gateway": around.public_url,
        "gateway-https": f"https://ticketing.dev:{settings.https_port}",
        "stripe": f"http://{HOST}:{around.stripe}",
        "mail": f"http://{HOST}:{chosen['mail']}",
        "nats": f"nats://{HOST}:{around.nats}",
        "mongo": _one_or_all([mongo.address({name: port}) for name, port in around.mongo.items()]),
        "redis": redis.url(around.redis),
    }
    for service, numbers in around.services.items():
        addresses[service] = _one_or_all([f"http://{HOST}:{port}" for port in numbers])
    return addresses


def _one_or_all(urls: list[str]) -> str | list[str]:
    return urls[0] if len(urls) == 1 else urls
