"""Puts fresh values into a secret that is in use, in the order in which as little as possible notices.

Every rotation that breaks off can be given again: what it has begun stands in the secret itself, and it goes on there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.clock import now, rfc3339
from infra.local.services import SERVICES

from . import values
from .credentials import decoded, readers
from .errors import ClusterError
from .jobs import Jobs
from .kubectl import Json, Kubectl
from .overlay import TLS_SECRET
from .recipes import JWT, MAIL, MAIL_KEY, NATS, NATS_USERS, PRIVATE, PUBLIC, REDIS, STRIPE, STRIPE_KEYS, mongo
from .rollout import await_all, restart
from .settings import ClusterSettings

_NEXT = "JWT_PRIVATE_KEY_NEXT"
_PREVIOUS = "admin-password-previous"
_SET_KEY = "replica-set-key"
_SINCE, _BEGUN = "ticketing.dev/signing-since", "ticketing.dev/rotation-begun"
_LIFETIME, _DEFAULT_LIFETIME = "TOKEN_LIFETIME_SECONDS", 7 * 24 * 3600
_WITHIN = 600.0
_LOG_IN = """
import os, time
from pymongo import MongoClient
from pymongo.errors import PyMongoError
until = time.monotonic() + 300
while True:
    try:
        MongoClient(os.environ["MONGO_URL"], serverSelectionTimeoutMS=5000).get_default_database().command("ping")
        break
    except PyMongoError as error:
        if time.monotonic() > until:
            raise SystemExit(str(error))
        time.sleep(1)
"""
"""Tries until the database takes the new password."""
NAMES = (JWT, *map(mongo, SERVICES), NATS, REDIS, STRIPE, MAIL, TLS_SECRET)
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Rotation:
    """One secret of a cluster."""

    kubectl: Kubectl
    jobs: Jobs
    say: Say
    name: str

    def begin(self, settings: ClusterSettings) -> None:
        """All of it, but for signing keys, where `finish` follows when the old sessions have ended."""
        match self.name:
            case "jwt-secret":
                self._new_signing_key()
            case "nats":
                self._nats()
            case "redis":
                self._put({"password": values.word()})
                self._restart(stateful=True)
                self._restart()
            case "stripe-secret":
                self._given(settings, STRIPE_KEYS)
            case "sendgrid-api-key":
                self._given(settings, [MAIL_KEY])
            case "ticketing-tls":
                # Whoever answers for the shop's name takes it up without a restart.
                self._put(values.certificate(values.hosts(decoded(self._secret())["tls.crt"])))
            case _:
                self._mongo()

    def finish(self, *, at_once: bool) -> None:
        """The old signing key is good for nothing from now on; refused while sessions signed by it may go on."""
        secret = self._secret()
        since = secret["metadata"].get("annotations", {}).get(_SINCE)
        if self.name != JWT or since is None:
            raise ClusterError(f"Nothing of {self.name} is to be finished: `rotate jwt-secret` begins.")
        until = datetime.fromisoformat(since) + timedelta(seconds=self._token_lifetime())
        if now() < until and not at_once:
            raise ClusterError(
                f"Sessions signed by the old key last until {rfc3339(until)}: finish then, or sign their people out "
                "with --at-once."
            )
        self._put({PUBLIC: values.public_key(decoded(secret)[PRIVATE])}, marks={_SINCE: None})
        self._restart()

    # ---- one by one
    def _new_signing_key(self) -> None:
        known = decoded(self._secret())
        following = known.get(_NEXT) or values.signing_key()
        keys = dict.fromkeys([*known[PUBLIC].split(","), values.public_key(following)])
        self.say("Every service learns the new public key.")
        self._put({PUBLIC: ",".join(keys), _NEXT: following})
        self._restart()
        self.say("auth signs with the new key.")
        self._put({PRIVATE: following}, drop=(_NEXT,), marks={_SINCE: rfc3339(now())})
        restart(self.kubectl, [("Deployment", "auth")], _WITHIN, self.say)
        self.say("When the old sessions have ended: `rotate jwt-secret --finish`. Nobody is signed out by it then.")

    def _mongo(self) -> None:
        """The database takes a new password where the secret changes, the service where it starts."""
        secret = self._secret()
        known = decoded(secret)
        if _BEGUN not in secret["metadata"].get("annotations", {}):
            fresh = {"password": values.word(), "admin-password": values.word(), _PREVIOUS: known["admin-password"]}
            self._put(fresh, marks={_BEGUN: rfc3339(now())})
        for pod in self.kubectl.all(
            "pods", f"app.kubernetes.io/name={self._service},app.kubernetes.io/component=database"
        ):
            # The node looks at a pod that has changed, and at its secrets, at once instead of within two minutes.
            self.kubectl.ask("annotate", "pod", pod["metadata"]["name"], f"{_BEGUN}={rfc3339(now())}", "--overwrite")
        self.say("Waiting until the database takes the new password.")
        if self.jobs.run(f"{self._service}-command", (), command=("python", "-c", _LOG_IN)).code:
            raise ClusterError(f"The database did not take it: see `kubectl logs {self.name}-0 -c prepare`.")
        self._restart()
        self._put({}, marks={_BEGUN: None})

    def set_key(self) -> None:
        """By which the members of a set know each other: both keys first, then the new one alone."""
        if self._service not in SERVICES:
            raise ClusterError(f"{self.name} has no set's key: name a database's secret, such as orders-mongo.")
        keys = decoded(self._secret())[_SET_KEY].splitlines()
        if len(keys) == 1:
            keys.append(values.set_key())
            self._put({_SET_KEY: "\n".join(keys)})
            self._restart(stateful=True)
        self._put({_SET_KEY: keys[1]})
        self._restart(stateful=True)

    def _nats(self) -> None:
        """Its servers know each other by one password, so they go all at once; events wait where they are kept."""
        self._put({user: values.word() for user in NATS_USERS})
        self.kubectl.ask("delete", "pods", "--selector", "app.kubernetes.io/name=nats")
        await_all(self.kubectl, [("StatefulSet", "nats")], _WITHIN, self.say)
        self._restart()

    def _given(self, settings: ClusterSettings, keys: Iterable[str]) -> None:
        fresh = {key: settings.given(key) for key in keys if settings.given(key)}
        if not fresh:
            raise ClusterError(f"Give the new values as environment variables: {', '.join(keys)}.")
        self._put(fresh)
        self._restart()

    # ---- what all of them do
    @property
    def _service(self) -> str:
        return self.name.removesuffix("-mongo")

    def _secret(self) -> Json:
        found = self.kubectl.find("secret", self.name)
        if found is None:
            raise ClusterError(f"There is no secret {self.name}: `python -m infra.cluster secrets` makes it.")
        return found

    def _put(
        self, data: dict[str, str], *, drop: Sequence[str] = (), marks: dict[str, str | None] | None = None
    ) -> None:
        """These keys into the secret, as it was just read; a mark of None is taken away."""
        secret = self._secret()
        kept = {key: value for key, value in (secret.get("data") or {}).items() if key not in drop}
        said = {**secret["metadata"].get("annotations", {}), **(marks or {})}
        metadata = secret["metadata"] | {
            "annotations": {key: value for key, value in said.items() if value is not None}
        }
        self.kubectl.replace(secret | {"metadata": metadata, "data": kept, "stringData": data})

    def _restart(self, *, stateful: bool = False) -> None:
        """Whoever reads the secret: the servers themselves, or those who go to them."""
        kind = "StatefulSet" if stateful else "Deployment"
        restart(self.kubectl, [one for one in readers(self.kubectl, self.name) if one[0] == kind], _WITHIN, self.say)

    def _token_lifetime(self) -> float:
        """Seconds, as auth has been told."""
        told = [one.get("data", {}).get(_LIFETIME) for one in self.kubectl.all("configmaps")]
        return max((float(one) for one in told if one), default=_DEFAULT_LIFETIME)
