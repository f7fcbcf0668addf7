"""What every pod of ours keeps to. Each rule is given one and says what is wrong with it, a sentence for each thing."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.services import SERVICES

from .builds import Build, Pod

Container = Mapping[str, Any]
Rule = Callable[[Build, Pod], Iterator[str]]
COMPONENTS = {"service", "worker", "database", "bus", "timer", "stand-in", "job"}
JOBS = {"streams", "backup", "restore", "command", "audit", "operator"}
OTHERS = {"nats", "redis", "stripe", "mail", "gateway", "operations"}
CLOSING_SECONDS = 5 + 25
"""What uvicorn has for requests under way, and then common.web, common.bus and ARQ for the rest."""
_EXACT = re.compile(r"[a-z]+:\d+\.\d+\.\d+")
_SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL")
_LOGIN_IN_URL = re.compile(r"://[^/@\s]*:(?!\$\()[^/@\s]+@")
_OWN = {
    "auth": {("jwt-secret", "JWT_PRIVATE_KEY")},
    "payments": {("stripe-secret", key) for key in ("STRIPE_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")},
    "client": {("stripe-secret", "STRIPE_PUBLISHABLE_KEY")},
    "expiration": {("redis", "password")},
    "emails": {("sendgrid-api-key", "SENDGRID_API_KEY")},
}
_OPS = {
    "streams": {("nats", "admin")},
    "audit": {("nats", "auditor")},
    "operator": {("nats", "operator")},
    "stripe": {("stripe-secret", "STRIPE_WEBHOOK_SECRET")},
}


def no_token(_: Build, pod: Pod) -> Iterator[str]:
    """Nothing of ours speaks to the API server."""
    if pod.spec.get("automountServiceAccountToken") is not False:
        yield "is given a token"
    if pod.spec.get("enableServiceLinks") is not False:
        yield "has every Service in its environment"


def probed(_: Build, pod: Pod) -> Iterator[str]:
    """Whatever is there to stay is asked how it is; a service on the paths that mean that."""
    if not pod.lasts:
        return
    paths = {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    for probe, path in paths.items():
        asked = [one[f"{probe}Probe"] for one in pod.spec["containers"] if f"{probe}Probe" in one]
        if not asked:
            yield f"has no {probe} probe"
        elif pod.component == "service" and asked[0].get("httpGet") != {"path": path, "port": "http"}:
            yield f"is not asked for {path}"


def sized(_: Build, pod: Pod) -> Iterator[str]:
    """Memory and processor are asked for, and memory is limited; the processor is not, or it would be throttled."""
    for one in pod.containers:
        wants, limits = one.get("resources", {}).get("requests", {}), one.get("resources", {}).get("limits", {})
        if {"cpu", "memory"} - set(wants) or "memory" not in limits:
            yield f"{one['name']} has no requests, or no limit"
        if "cpu" in limits:
            yield f"{one['name']} is throttled"
    for volume in pod.spec.get("volumes", []):
        if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
            yield f"the volume {volume['name']} may fill the node"


def pod_locked(_: Build, pod: Pod) -> Iterator[str]:
    """As the level `restricted` wants it: nobody is root, or sees more of the node than is theirs."""
    around = pod.spec.get("securityContext", {})
    if not around.get("runAsNonRoot") or not around.get("runAsUser"):
        yield "may be root"
    if around.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "may call anything of the kernel"
    if any(pod.spec.get(one) for one in ("hostNetwork", "hostPID", "hostIPC")):
        yield "is in the node's namespaces"
    if any("hostPath" in volume for volume in pod.spec.get("volumes", [])):
        yield "sees the node's files"


def containers_locked(_: Build, pod: Pod) -> Iterator[str]:
    """The same, and a root that cannot be written to."""
    for one in pod.containers:
        inside = one.get("securityContext", {})
        if inside.get("allowPrivilegeEscalation") is not False or inside.get("privileged"):
            yield f"{one['name']} may become more than it is"
        if inside.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{one['name']} has capabilities"
        if inside.get("readOnlyRootFilesystem") is not True:
            yield f"{one['name']} may write to its root"
        if inside.get("runAsUser") == 0 or inside.get("runAsNonRoot") is False:
            yield f"{one['name']} is root"


def leaves_in_time(build: Build, pod: Pod) -> Iterator[str]:
    """Nobody is killed while it does in order what it was asked to do."""
    grace = pod.spec.get("terminationGracePeriodSeconds", 30)
    if pod.component in {"service", "worker"}:
        drain = float(build.config(f"{pod.service}-settings").get("DRAIN_SECONDS", 60))
        if grace < drain + CLOSING_SECONDS:
            yield f"is killed after {grace} s and may take {drain + CLOSING_SECONDS:g}"
    elif pod.component in {"database", "bus", "timer"} and grace < 30:
        yield f"is killed after {grace} s"


def pinned(_: Build, pod: Pod) -> Iterator[str]:
    """Ours are what was built here; others' are one version, official, and never fetched behind our back."""
    for one in pod.containers:
        image = one["image"]
        if not image.startswith("ticketing/") and not _EXACT.fullmatch(image):
            yield f"{image} may be anything"
        if image.partition(":")[0] not in {*(f"ticketing/{name}" for name in (*SERVICES, "ops"))} and (
            image.startswith("ticketing/")
        ):
            yield f"{image} is built by nobody"
        if one.get("imagePullPolicy") != "IfNotPresent":
            yield f"{image} would be fetched though it is there"


def says_no_secret(_: Build, pod: Pod) -> Iterator[str]:
    """A manifest only says where a secret is."""
    for one in pod.containers:
        for variable in one.get("env", []):
            value = variable.get("value", "")
            if _SECRET_NAME.search(variable["name"]) and value and not value.startswith("$("):
                yield f"{one['name']} says {variable['name']}"
            if _LOGIN_IN_URL.search(value):
                yield f"{one['name']} says the password in {variable['name']}"
        for word in [*one.get("command", []), *one.get("args", [])]:
            if re.search(r"(?i)(password|secret|key)[= ](?!\$)\w", word):
                yield f"{one['name']} says a secret on its command line"


def reads_only_its_own(_: Build, pod: Pod) -> Iterator[str]:
    """Its own password at its database and at the bus, and what it alone needs: the key that signs, the money's."""
    for one in pod.containers:
        may = _may_read(pod, one)
        for secret, key in secrets_read(pod, one):
            if (secret, key) not in may and (secret, "") not in may:
                yield f"{one['name']} reads {key or 'all'} of {secret}"


def _may_read(pod: Pod, one: Container) -> set[tuple[str, str]]:
    if not one["image"].startswith("ticketing/"):
        secret = {"database": f"{pod.service}-mongo", "bus": "nats", "timer": "redis"}.get(pod.component)
        return {(secret, "")} if secret else set()
    name = one["image"].partition(":")[0].removeprefix("ticketing/")
    if name == "ops":
        return _OPS.get(pod.job or pod.service, set())
    shared = {(f"{name}-mongo", "password"), ("nats", name), ("jwt-secret", "JWT_PUBLIC_KEYS")}
    return shared | _OWN.get(name, set())


def secrets_read(pod: Pod, one: Container) -> Iterator[tuple[str, str]]:
    """Secret and key; no key: all of them."""
    for variable in one.get("env", []):
        if found := variable.get("valueFrom", {}).get("secretKeyRef"):
            yield found["name"], found["key"]
    for source in one.get("envFrom", []):
        if found := source.get("secretRef"):
            yield found["name"], ""
    mounted = {mount["name"] for mount in one.get("volumeMounts", [])}
    for volume in pod.spec.get("volumes", []):
        if volume["name"] in mounted:
            sources = [volume, *volume.get("projected", {}).get("sources", [])]
            yield from (
                (found["secret"].get("secretName", found["secret"].get("name")), "")
                for found in sources
                if "secret" in found
            )


def labelled(_: Build, pod: Pod) -> Iterator[str]:
    """By these the network policies know it."""
    for where, labels in (("it", pod.owner["metadata"].get("labels", {})), ("its pod", pod.labels)):
        if labels.get("app.kubernetes.io/part-of") != "ticketing":
            yield f"{where} is no part of ticketing"
        if labels.get("app.kubernetes.io/component") not in COMPONENTS:
            yield f"{where} is no component that is known"
        if labels.get("app.kubernetes.io/name") not in {*SERVICES, *OTHERS}:
            yield f"{where} belongs to nobody"
    if pod.component == "job" and pod.job not in JOBS:
        yield "is a job that nobody knows"


RULES: tuple[Rule, ...] = (
    no_token,
    probed,
    sized,
    pod_locked,
    containers_locked,
    leaves_in_time,
    pinned,
    says_no_secret,
    reads_only_its_own,
    labelled,
)
