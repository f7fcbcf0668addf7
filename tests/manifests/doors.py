"""The doors to the shop, each reduced to the same thing: which service a path leads to, and as what path."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .builds import Build

Door = Callable[[str], tuple[str, str]]
"""A path outside -> who answers, and the path that they are asked for."""
_REWRITE = "nginx.ingress.kubernetes.io/rewrite-target"
_REGEX = "nginx.ingress.kubernetes.io/use-regex"


def gateway(caddyfile: str, ports: Mapping[int, str]) -> Door:
    """The local gateway: the first `handle` whose matcher fits, after the one rewrite."""
    named = {name: paths.split() for name, paths in re.findall(r"@(\w+) path (.+)", caddyfile)}
    rewrites = re.findall(r"rewrite @(\w+) (\S+)", caddyfile)
    shop = caddyfile[: caddyfile.index("handle_errors")]
    handles = re.findall(r"handle (?:@(\w+) )?\{\s*import \w+ \S+?:(\d+)", shop)

    def lead(path: str) -> tuple[str, str]:
        for name, target in rewrites:
            if _fits(path, named[name]):
                path = target
        port = next(port for name, port in handles if not name or _fits(path, named[name]))
        return ports[int(port)], path

    return lead


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path.lower(), one.lower()) for one in patterns)


def ingress(build: Build) -> Door:
    """As ingress-nginx reads them: once one has a regular expression or a rewrite, all paths of the host are regular
    expressions that say how a path begins, whatever their type; the longest is tried first, and case does not count."""
    found = [
        (one["metadata"].get("annotations", {}), path)
        for one in build.of("Ingress").values()
        for rule in one["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]
    by_regex = any(notes.get(_REGEX) == "true" or _REWRITE in notes for notes, _ in found)
    locations = [
        (location, path["backend"]["service"]["name"], notes.get(_REWRITE, ""))
        for notes, path in found
        for location in (_nginx(notes, path) if by_regex else _plain(path))
    ]
    locations.sort(key=lambda one: len(one[0]), reverse=True)

    def lead(path: str) -> tuple[str, str]:
        for pattern, service, target in locations:
            if re.match(pattern, path, re.IGNORECASE if by_regex else 0):
                return service, target or path
        return "", path

    return lead


def _nginx(notes: Mapping[str, str], path: Mapping[str, Any]) -> list[str]:
    """A plain prefix becomes two locations, unless it is rewritten; so does ingress-nginx's updateServerLocations."""
    text = path["path"]
    if path["pathType"] != "Prefix" or text == "/" or _REWRITE in notes or notes.get(_REGEX) == "true":
        return [text]
    return [text, f"{text}/"]


def _plain(path: Mapping[str, Any]) -> list[str]:
    text = re.escape(path["path"])
    if path["pathType"] == "Exact":
        return [f"{text}$"]
    return [text] if path["path"] == "/" else [f"{text}(/.*)?$"]


def pod(build: Build) -> Door:
    """The nginx of a cluster without an ingress: its regular expressions in their order, and then `/`."""
    config = build.config("gateway")["nginx.conf"]
    blocks = re.findall(r"location (~ )?(\S+) \{(.*?)\}", config, re.DOTALL)
    locations = [
        (pattern, re.findall(r"proxy_pass http://(\w+):8000", block)[0], re.findall(r"rewrite \^ (\S+) break", block))
        for _, pattern, block in sorted(blocks, key=lambda one: not one[0])
    ]

    def lead(path: str) -> tuple[str, str]:
        service, target = next(found for pattern, *found in locations if re.match(pattern, path))
        return service, target[0] if target else path

    return lead


def http_routes(build: Build) -> Door:
    """As the Gateway API has it: exact paths first, then the longest prefix, which ends where an element does."""
    matches = [
        (match["path"], rule)
        for route in build.of("HTTPRoute").values()
        if {"name": "ticketing", "sectionName": "https"} in route["spec"]["parentRefs"]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    ]
    matches.sort(key=lambda one: (one[0]["type"] == "Exact", len(one[0]["value"])), reverse=True)

    def lead(path: str) -> tuple[str, str]:
        for match, rule in matches:
            begin = match["value"].rstrip("/")
            if path == match["value"] or (match["type"] == "PathPrefix" and f"{path}/".startswith(f"{begin}/")):
                return rule["backendRefs"][0]["name"], _rewritten(rule.get("filters", []), path)
        return "", path

    return lead


def _rewritten(filters: Sequence[Mapping[str, Any]], path: str) -> str:
    for one in filters:
        if one["type"] == "URLRewrite":
            return str(one["urlRewrite"]["path"]["replaceFullPath"])
    return path
