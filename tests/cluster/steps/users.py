"""What a service's own password does not open: another's events, another's database."""

from infra.local.services import SERVICES
from tests.cluster import rights
from tests.cluster.cluster import Cluster
from tests.cluster.findings import Findings
from tests.cluster.inside_pods import pod_of, said

TITLE = "No service's password opens what is another's"


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    pods = await cluster.running()
    homes = {service: pod_of(pods, service) for service in SERVICES}
    await at_nats(cluster, findings, homes)
    await at_mongo(cluster, findings, homes)
    found = await said(cluster, homes["expiration"], "as_redis_user")
    findings.checked("Redis takes expiration's password", found["own"] == "ok", found["own"])
    refused = "NOAUTH" in found["stranger"] or "Authentication required" in found["stranger"]
    findings.checked("and nobody without one", refused, found["stranger"])


async def at_nats(cluster: Cluster, findings: Findings, homes: dict[str, str]) -> None:
    """Each service tries every subject that is not its own."""
    allowed, silent, tried = list[str](), list[str](), 0
    for service, pod in homes.items():
        subjects = {"publish": rights.publishing(service), "subscribe": rights.subscribing(service)}
        found = await said(cluster, pod, "as_nats_user", {**subjects, "ask": rights.MEANT_FOR_ALL})
        allowed += [f"{service} may {one}" for one in found["allowed"]]
        silent += [] if found["answered"] else [service]
        tried += sum(map(len, subjects.values()))
    findings.none_of(
        "subjects at NATS that are open to a service whose they are not", allowed, f"none of {tried}, each refused"
    )
    findings.none_of("services to which NATS refuses also what they may ask (the control)", silent)


async def at_mongo(cluster: Cluster, findings: Findings, homes: dict[str, str]) -> None:
    """Each at its own server, and with its own password at the next one's."""
    wrong, tried = list[str](), 0
    services = list(homes)
    for number, service in enumerate(services):
        other = services[number - 1]
        password = (await cluster.kube.secret(f"{service}-mongo"))["password"]
        plans = (
            (homes[service], *rights.at_its_own_server(service, other)),
            (homes[other], *rights.at_a_strangers(service, password, other)),
        )
        for pod, tries, expected in plans:
            answers = await said(cluster, pod, "as_mongo_user", tries)
            wrong += [
                f"{service} {name}: {answers.get(name)}" for name in expected if answers.get(name) != expected[name]
            ]
            tried += len(tries)
    what = "answers of MongoDB other than they have to be: own database open, all else refused"
    findings.none_of(what, wrong, f"none of {tried}")
