"""The gateway: one address for everything, http on localhost and https with a local certificate for ticketing.dev."""

from collections.abc import Mapping, Sequence
from string import Template

from common.errors import Unavailable

from .layout import Layout
from .part import Part
from .ports import HOST
from .probes import all_of, greets_by_tls, listens
from .programs import caddy

PREFIXES = {"users": "auth", "tickets": "tickets", "orders": "orders", "payments": "payments"}
"""Below /api: which service answers."""
STAND_INS = ("stripe", "mail")
PATIENCE = "5s"
"""How long a request waits for a part that is down: longer than a restart takes."""
_NAMES = ("ticketing.dev", "localhost")
"""Each has a certificate of our own."""

_CONFIG = Template("""{
	admin off
	default_bind $host
	skip_install_trust
	persist_config off
	auto_https disable_redirects
	http_port $http
	https_port $https
	storage file_system "$storage"
	grace_period 1s
	log {
		output stderr
		format console
		level WARN
	}
	servers {
		protocols h1 h2
	}
}

(sharing) {
	lb_policy round_robin
	# A request that never reached a process waits for one that lives; what may have reached it is never sent twice.
	lb_try_duration $patience
	lb_try_interval 100ms
	fail_duration 1s
	transport http {
		dial_timeout 1s
		keepalive 60s
	}
}

(upstream) {
	reverse_proxy {args[:]} {
		import sharing
	}
}

(service) {
	reverse_proxy {args[:]} {
		import sharing
		# A process that is leaving says so here while it still serves: nothing is on its way to it when it closes.
		health_uri /readyz
		health_interval 500ms
		health_timeout 3s
	}
}

(shop) {
	header {
		-Server
		-Via
		defer
	}
	# What a service tells its operator about itself does not exist out here.
	@internal path /livez /livez/* /readyz /readyz/* /metrics /metrics/*
	rewrite @internal /nothing-here
$routes
	handle_errors {
		header {
			-Server
			Retry-After 2
		}
		@api path /api /api/*
		handle @api {
			header Content-Type application/problem+json
			respond `$problem` 503
		}
		handle {
			header Content-Type "text/html; charset=utf-8"
			respond `$page` 503
		}
	}
}

http://:$http {
	import shop
}

$names {
	tls internal
	import shop
}
$inside""")
_PROBLEM = (
    '{"type":"urn:ticketing:problem:unavailable","title":"$sentence","status":503,"errors":[{"message":"$sentence"}]}'
).replace("$sentence", Unavailable.sentence)
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>One moment · Ticketing</title><h1>One moment</h1>"
    "<p>A part of the shop does not answer. What you have bought or reserved is safe. Load this page again in a moment."
)
_INSIDE = """
http://$host:$port {
	reverse_proxy $upstreams {
		import sharing
		health_uri /readyz
		health_interval 500ms
		health_timeout 3s
		trusted_proxies 127.0.0.1/32
	}
}
"""


def part(
    layout: Layout,
    http: int,
    https: int,
    upstreams: Mapping[str, Sequence[int]],
    inside: Mapping[str, int],
    *,
    needs: tuple[str, ...],
) -> Part:
    """Caddy with the routes of the design; its certificates live in its data folder."""
    data = layout.data("gateway")
    config = data / "Caddyfile"
    return Part(
        "gateway",
        (caddy(), "run", "--config", str(config), "--adapter", "caddyfile"),
        ready=all_of(listens(http), *(greets_by_tls(https, name) for name in _NAMES)),
        env={"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)},
        files={config: render(str(data), http, https, upstreams, inside)},
        needs=needs,
    )


def render(
    storage: str, http: int, https: int, upstreams: Mapping[str, Sequence[int]], inside: Mapping[str, int]
) -> str:
    """The Caddyfile; `inside` gives a service with replicas one address for its fellows."""
    blocks = (
        Template(_INSIDE).substitute(host=HOST, patience=PATIENCE, port=port, upstreams=_hosts(upstreams[service]))
        for service, port in inside.items()
    )
    return _CONFIG.substitute(
        host=HOST,
        patience=PATIENCE,
        names=", ".join(f"https://{name}:{https}" for name in _NAMES),
        http=http,
        https=https,
        storage=storage,
        routes="\n".join(_routes(upstreams)),
        problem=_PROBLEM,
        page=_PAGE,
        inside="".join(blocks),
    )


def _routes(upstreams: Mapping[str, Sequence[int]]) -> list[str]:
    matched = [(f"/api/{prefix} /api/{prefix}/*", service) for prefix, service in PREFIXES.items()]
    matched += [(f"/stand-in/{name} /stand-in/{name}/*", name) for name in STAND_INS]
    lines = []
    for paths, name in matched:
        lines += [f"\t@{name} path {paths}", _handle(f"@{name} ", name, upstreams)]
    return [*lines, _handle("", "client", upstreams)]


def _handle(matcher: str, name: str, upstreams: Mapping[str, Sequence[int]]) -> str:
    kind = "upstream" if name in STAND_INS else "service"
    action = f"import {kind} {_hosts(upstreams[name])}" if upstreams.get(name) else "error 503"
    return f"\thandle {matcher}{{\n\t\t{action}\n\t}}"


def _hosts(ports: Sequence[int]) -> str:
    return " ".join(f"{HOST}:{port}" for port in ports)
