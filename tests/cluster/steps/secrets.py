"""Every secret is rotated as a person does it, while people trade: nobody is signed out; the old ones open nothing."""

import asyncio
import ssl
import time
from collections.abc import Mapping

from infra.cluster import values
from infra.cluster.recipes import JWT, MAIL, NATS, PRIVATE, REDIS, STRIPE, STRIPE_KEYS
from infra.cluster.rotate import NAMES
from infra.local.services import SERVICES
from tests.cluster.cluster import Cluster
from tests.cluster.door import newcomer
from tests.cluster.findings import Findings, duration
from tests.cluster.inside_pods import pod_of, said
from tests.cluster.options import Options
from tests.cluster.rights import NO_SUCH_USER
from tests.cluster.trade import trading
from tests.e2e.people import PASSWORD, Person

TITLE = "Every secret rotated: nobody signed out, the old ones good for nothing"
_MONGO = "-mongo"
_TAKEN_UP_WITHIN = 120.0
_SET_KEY = "replica-set-key"
"""It has a rotation of its own."""
Data = Mapping[str, str]


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    before = {name: await cluster.kube.secret(name) for name in NAMES}
    certificate = await served(cluster.options)
    async with newcomer(cluster.options) as early, newcomer(cluster.options) as late:
        async with trading(cluster.options) as trade:
            rows = [await rotate(cluster, findings, name) for name in NAMES]
        findings.checked("who was signed in before still is", await is_known(early))
        strangers = [told for told in trade.failed if ": 401 " in told]
        findings.none_of("requests of people who were taken for strangers", strangers, f"none of {trade.total}")
        findings.measured(
            "other requests that failed while all of it was restarted", len(trade.failed) - len(strangers)
        )
        account = {"email": late.email, "password": PASSWORD}
        assert (await late.api.post("/api/users/signin", json=account)).status_code == 200
        await finish(cluster, findings, early, late)
    rows += [await rotate_key(cluster, findings, f"{service}{_MONGO}") for service in SERVICES]
    findings.listed("Rotated, in this order", ["secret", "time"], rows)
    await old_ones(cluster, findings, before)
    changed = await cluster.until(lambda: _is_served(cluster.options, certificate), _TAKEN_UP_WITHIN)
    findings.checked("the ingress shows another certificate", good=True, figure=f"after {changed:.1f} s more")
    await cluster.smoke(findings)
    await cluster.audit(findings, "afterwards")


async def rotate(cluster: Cluster, findings: Findings, name: str) -> tuple[str, str]:
    """One of them; how long it took."""
    before, began = await cluster.kube.secret(name), time.monotonic()
    answer = await cluster.ours("rotate", name, "--yes", env=given(name))
    took = duration(time.monotonic() - began)
    cluster.say(f"    {name}: {took}")
    if findings.checked(f"`rotate {name}`", answer.code == 0, took if not answer.code else answer.told):
        after = await cluster.kube.secret(name)
        same = [key for key in before if after.get(key) == before[key] and key != _SET_KEY]
        findings.none_of(f"values of {name} that are what they were", same)
    return name, took


async def rotate_key(cluster: Cluster, findings: Findings, name: str) -> tuple[str, str]:
    """By which the members of a set know each other; a set of one is away while it restarts."""
    before, began = (await cluster.kube.secret(name))[_SET_KEY], time.monotonic()
    answer = await cluster.ours("rotate", name, "--set-key", "--yes")
    took = duration(time.monotonic() - began)
    changed = (await cluster.kube.secret(name))[_SET_KEY] != before
    told = took if not answer.code else answer.told
    findings.checked(f"`rotate {name} --set-key`", answer.code == 0 and changed, told)
    return f"{name}, the key of its set", took


def given(name: str) -> Data:
    """What others hand out, a stand-in takes as we like."""
    if name == STRIPE:
        return {key: shape + values.word() for key, shape in STRIPE_KEYS.items()}
    return {"SENDGRID_API_KEY": f"SG.{values.word()}"} if name == MAIL else {}


async def is_known(person: Person) -> bool:
    """Whether their session is good everywhere."""
    who = (await person.api.get("/api/users/currentuser")).json()["currentUser"]
    return who is not None and (await person.api.get("/api/orders")).status_code == 200


async def finish(cluster: Cluster, findings: Findings, early: Person, late: Person) -> None:
    """The old signing key goes: not by itself while sessions of its time may last, and then with those alone."""
    answer = await cluster.ours("rotate", JWT, "--finish", "--yes")
    findings.checked("`rotate jwt-secret --finish` is refused as long as old sessions last", answer.code, answer.told)
    answer = await cluster.ours("rotate", JWT, "--finish", "--at-once", "--yes")
    findings.checked("with --at-once it is done", answer.code == 0, answer.told)
    findings.checked("who has signed in with the new key stays signed in", await is_known(late))
    findings.checked("who had signed in with the old one does not (the control)", not await is_known(early))


async def old_ones(cluster: Cluster, findings: Findings, before: Mapping[str, Data]) -> None:
    """Every password that was in use opens nothing any more."""
    pods = await cluster.running()
    opened = []
    for service in SERVICES:
        pod = pod_of(pods, service)
        url = f"mongodb://{service}:{before[service + _MONGO]['password']}@{service}{_MONGO}:27017/{service}"
        tries = [("old", f"{url}?replicaSet=rs0&authSource={service}", service, {"find": "anything", "limit": 1})]
        answer = (await said(cluster, pod, "as_mongo_user", tries))["old"]
        opened += [] if answer == NO_SUCH_USER else [f"MongoDB of {service}: {answer}"]
        answer = await said(cluster, pod, "logs_in_at_nats", before[NATS][service])
        opened += [] if "uthorization" in answer else [f"NATS, user {service}: {answer}"]
    found = await said(cluster, pod_of(pods, "expiration"), "as_redis_user", before[REDIS]["password"])
    opened += [] if "invalid username-password" in found["stranger"] else [f"Redis: {found['stranger']}"]
    findings.none_of("old passwords that open something", opened, f"none of {2 * len(SERVICES) + 1}")
    now = await cluster.kube.secret(JWT)
    findings.checked("auth signs with another key", now[PRIVATE] != before[JWT][PRIVATE])


# ---- the certificate
async def served(options: Options) -> bytes:
    """The one that whoever comes to the shop's address is shown."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(*options.place, ssl=trusting, server_hostname=options.host)
    try:
        shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown
    finally:
        writer.close()


async def _is_served(options: Options, old: bytes) -> str:
    return "the old certificate is shown" if await served(options) == old else ""
