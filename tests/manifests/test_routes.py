"""The local gateway, the Ingress, the HTTPRoutes and a pod in their place lead each path to one service, as one."""

import copy
from collections.abc import Callable

import pytest

from infra.local.gateway import PREFIXES, STAND_INS, render

from . import doors
from .builds import Build, Object, Recipe

_BEHIND = (*PREFIXES.values(), "client", *STAND_INS)
_PORTS = {20000 + number: name for number, name in enumerate(_BEHIND)}
_INTERNAL = ("/livez", "/readyz", "/metrics")
_PREFIXES = (
    *(f"/api/{prefix}" for prefix in PREFIXES),
    *(f"/stand-in/{name}" for name in STAND_INS),
    *_INTERNAL,
    "/live",
)
PATHS = (
    *(prefix + rest for prefix in _PREFIXES for rest in ("", "/", "/1", "/a/b", "x", "x/1", "-1", ".json")),
    *("/", "/api", "/api/", "/api/other", "/api/users/signin", "/api/users/signup", "/api/users/signinx", "/stand-in"),
    *("/signin", "/signup", "/signout", "/signin/x", "/signinx", "/orders/1", "/orders/1/pay", "/live/rows", "/lives"),
    *("/x/livez", "/x/api/users", "/orders/livez", "/static/live", "/sw.js", "/api/payments/webhook"),
    *("/stand-in/stripe/v3/", "/stand-in/stripe/v1/payment_intents", "/stand-in/mail/1/html"),
)
DEV = Recipe("k8s-dev", ("metrics", "gateway-api", "gateway-api/stand-ins"))
PROD = Recipe("k8s-prod", ("gateway-api",))


def local(*without: str) -> doors.Door:
    """The gateway that `make run` starts."""
    upstreams = {name: [port] for port, name in _PORTS.items() if name not in without}
    text = render("/data", 8080, 8443, upstreams, {})
    for name in without:  # it answers 503 for them, where the others know no such route: the shop's page for nothing
        text = text.replace(f"@{name} path /stand-in/{name} /stand-in/{name}/*", f"@{name} path /nowhere")
    return doors.gateway(text, _PORTS)


def differing(one: doors.Door, other: doors.Door) -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
    """Where two doors do not agree."""
    return {path: (one(path), other(path)) for path in PATHS if one(path) != other(path)}


@pytest.mark.parametrize("door", [doors.ingress, doors.http_routes], ids=["ingress", "gateway-api"])
@pytest.mark.parametrize(("recipe", "without"), [(DEV, ()), (PROD, STAND_INS)], ids=["dev", "prod"])
def test_they_agree(
    door: Callable[[Build], doors.Door], recipe: Recipe, without: tuple[str, ...], builds: dict[Recipe, Build]
) -> None:
    assert differing(local(*without), door(builds[recipe])) == {}


def test_the_pod_that_stands_in_for_an_ingress_agrees(builds: dict[Recipe, Build]) -> None:
    assert differing(local(), doors.pod(builds[Recipe("k8s-dev/no-ingress")])) == {}


def test_what_they_agree_on_is_what_is_meant() -> None:
    lead = local()
    assert {
        path: lead(path) for path in ("/api/users", "/api/users/1", "/api/usersx", "/", "/livez", "/metrics/x")
    } == {
        "/api/users": ("auth", "/api/users"),
        "/api/users/1": ("auth", "/api/users/1"),
        "/api/usersx": ("client", "/api/usersx"),
        "/": ("client", "/"),
        "/livez": ("client", "/nothing-here"),
        "/metrics/x": ("client", "/nothing-here"),
    }
    assert lead("/stand-in/stripe/v3/") == ("stripe", "/stand-in/stripe/v3/")
    assert {lead(path)[0] for path in PATHS} == set(_BEHIND)


def _spoil_ingress(objects: list[Object]) -> None:
    """As it would look without knowing what one rewrite does to all paths of a host."""
    for one in objects:
        if one["kind"] == "Ingress":
            one["metadata"]["annotations"].pop("nginx.ingress.kubernetes.io/use-regex")
            for path in one["spec"]["rules"][0]["http"]["paths"]:
                if path["path"] == "/api/users(/.*)?$":
                    path |= {"path": "/api/users", "pathType": "Prefix"}


def _forget_internal(objects: list[Object]) -> None:
    for one in objects:
        if one["kind"] == "HTTPRoute" and one["metadata"]["name"] == "shop":
            one["spec"]["rules"] = [rule for rule in one["spec"]["rules"] if "/metrics" not in str(rule["matches"])]


@pytest.mark.parametrize(
    ("door", "spoil", "path"),
    [(doors.ingress, _spoil_ingress, "/api/usersx"), (doors.http_routes, _forget_internal, "/metrics")],
    ids=["ingress", "gateway-api"],
)
def test_it_is_noticed_when_they_do_not(
    door: Callable[[Build], doors.Door],
    spoil: Callable[[list[Object]], None],
    path: str,
    builds: dict[Recipe, Build],
) -> None:
    objects = copy.deepcopy(builds[DEV].objects)
    spoil(objects)
    assert path in differing(local(), door(Build(DEV, objects)))


def test_every_way_in_is_by_https_to_one_host(built: Build) -> None:
    hosts = {rule["host"] for one in built.of("Ingress").values() for rule in one["spec"]["rules"]}
    hosts |= {host for one in built.of("HTTPRoute").values() for host in one["spec"]["hostnames"]}
    hosts |= {part["hostname"] for one in built.of("Gateway").values() for part in one["spec"]["listeners"]}
    if built.recipe.overlay == "k8s-dev/no-ingress":
        assert hosts == set()
        return
    assert hosts == {built.config("emails-settings")["PUBLIC_URL"].removeprefix("https://")}
    for one in built.of("Ingress").values():
        assert one["spec"]["tls"] == [{"hosts": [*hosts], "secretName": "ticketing-tls"}]
        assert one["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"] == "true"
    by_http = [one for one in built.of("HTTPRoute").values() if "https" not in str(one["spec"]["parentRefs"])]
    for one in by_http:
        assert [rule["filters"][0]["requestRedirect"]["scheme"] for rule in one["spec"]["rules"]] == ["https"]


def test_an_ingress_says_nothing_that_ingress_nginx_would_refuse(built: Build) -> None:
    """Snippets are off there since 1.9, and a regular expression is taken for one path type alone since 1.12."""
    for name, one in built.of("Ingress").items():
        assert [note for note in one["metadata"]["annotations"] if "snippet" in note] == []
        assert one["spec"]["ingressClassName"] == "nginx"
        for path in one["spec"]["rules"][0]["http"]["paths"]:
            assert (name, path["pathType"]) == (name, "ImplementationSpecific")


def test_news_are_not_held_back(builds: dict[Recipe, Build]) -> None:
    live = builds[DEV].of("Ingress")["live"]
    notes = live["metadata"]["annotations"]
    assert notes["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert int(notes["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > 3600
    assert [path["path"] for path in live["spec"]["rules"][0]["http"]["paths"]] == ["/live$"]
