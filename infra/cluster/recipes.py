"""Which secrets there are, with the keys of each, and how a fresh one is made.

A recipe is given what the secret holds already and adds what it lacks: what is there is never made anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.local import nats
from infra.local.services import SERVICES

from . import values
from .errors import ClusterError
from .overlay import TLS_SECRET, Overlay
from .settings import ClusterSettings

JWT, STRIPE, MAIL, NATS, REDIS = "jwt-secret", "stripe-secret", "sendgrid-api-key", "nats", "redis"
PRIVATE, PUBLIC = "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEYS"
STRIPE_KEYS = {"STRIPE_KEY": "sk_test_", "STRIPE_PUBLISHABLE_KEY": "pk_test_", "STRIPE_WEBHOOK_SECRET": "whsec_"}
"""How each looks in test mode."""
MAIL_KEY = "SENDGRID_API_KEY"
NATS_USERS = (*(user.name for user in nats.users()), "admin", "cluster")
"""And by the last of them its servers know each other."""
Data = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`make`: from what there is, what is missing; `ClusterError` says what a person has to give."""

    name: str
    keys: tuple[str, ...]
    make: Callable[[Data], Data]
    kind: str = "Opaque"
    volume: str = ""
    """What these passwords are kept in beside the secret: a new secret would not open an old volume."""


def mongo(service: str) -> str:
    """The secret of a service's database."""
    return f"{service}-mongo"


def recipes(overlay: Overlay, settings: ClusterSettings, *, tls: bool) -> list[Recipe]:
    """All that an overlay needs. A certificate of our own where there are stand-ins, elsewhere only with `tls`."""
    made = [
        Recipe(JWT, (PRIVATE, PUBLIC), _signing),
        _from_outside(STRIPE, STRIPE_KEYS, settings, played=overlay.plays("stripe")),
        _from_outside(MAIL, {MAIL_KEY: "SG."}, settings, played=overlay.plays("mail")),
        *(_mongo(service) for service in SERVICES),
        _words(NATS, *NATS_USERS),
        _words(REDIS, "password"),
    ]
    if tls or overlay.plays("stripe"):
        keys, kind = ("tls.crt", "tls.key"), "kubernetes.io/tls"
        made.append(Recipe(TLS_SECRET, keys, lambda _: values.certificate(overlay.hosts), kind))
    return made


def missing(recipe: Recipe, known: Data) -> dict[str, str]:
    """The keys that the secret lacks, made now."""
    if all(known.get(key) for key in recipe.keys):
        return {}
    return {key: value for key, value in recipe.make(known).items() if not known.get(key)}


def _words(name: str, *keys: str) -> Recipe:
    return Recipe(name, keys, lambda _: {key: values.word() for key in keys})


def _mongo(service: str) -> Recipe:
    def make(_: Data) -> Data:
        return {"password": values.word(), "admin-password": values.word(), "replica-set-key": values.set_key()}

    keys = ("password", "admin-password", "replica-set-key")
    return Recipe(mongo(service), keys, make, volume=f"data-{mongo(service)}-0")


def _signing(known: Data) -> Data:
    """The pair; to a signing key that is there already, the public key that belongs to it."""
    if known.get(PUBLIC) and not known.get(PRIVATE):
        raise ClusterError(f"{JWT} has {PUBLIC} and lacks {PRIVATE}: add the one that belongs to it, or delete {JWT}.")
    private = known.get(PRIVATE) or values.signing_key()
    return {PRIVATE: private, PUBLIC: values.public_key(private)}


def _from_outside(name: str, shapes: Mapping[str, str], settings: ClusterSettings, *, played: bool) -> Recipe:
    """What somebody else gives out; a stand-in takes anything of the same shape."""

    def make(known: Data) -> Data:
        given = {key: settings.given(key) for key in shapes if settings.given(key)}
        if played:
            if any("_live_" in value for value in (*given.values(), *known.values())):
                raise ClusterError(f"{name} has a live key, and here a stand-in plays Stripe: give it test keys only.")
            return {key: shape + values.word() for key, shape in shapes.items()} | given
        if lacking := [key for key in shapes if key not in given and not known.get(key)]:
            raise ClusterError(f"{name} lacks {', '.join(lacking)}: give them as environment variables of these names.")
        return given

    return Recipe(name, tuple(shapes), make)
