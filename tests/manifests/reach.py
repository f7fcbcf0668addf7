"""Who can open a connection to whom under a set of NetworkPolicies, as Kubernetes' reference has it.

A pod that no policy selects in a direction is open in that direction; one that is selected may do what any of those
policies allows. A connection opens when its sender may send it and its receiver may receive it.
"""

import ipaddress
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .arrows import Arrow

Policy = Mapping[str, Any]
HOME = "ticketing"
_LOOKS_UP = {"Ingress": "from", "Egress": "to"}


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """Pods of one kind, or an address that is nobody's pod; `ports` by number, with the names that they have."""

    kind: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str = HOME
    address: str = ""
    ports: Mapping[int, str] = field(default_factory=dict)


def opens(
    peers: Iterable[Peer], policies: Iterable[Policy], ports: Iterable[int], protocol: str = "TCP"
) -> frozenset[Arrow]:
    """Every arrow that opens, among these ports, but for those between two who are not at home."""
    every, rules, numbers = list(peers), list(policies), sorted(ports)
    sends = {peer: _Side(peer, rules, "Egress") for peer in every}
    takes = {peer: _Side(peer, rules, "Ingress") for peer in every}
    found = set()
    for source, target in itertools.product(every, every):
        ways_out, ways_in = sends[source].rules_for(target), takes[target].rules_for(source)
        if ways_out and ways_in and HOME in {_home(source), _home(target)}:
            found |= {
                (source.kind, target.kind, port)
                for port in numbers
                if all(any(_has_port(one, target, port, protocol) for one in ways) for ways in (ways_out, ways_in))
            }
    return frozenset(found)


def _home(peer: Peer) -> str:
    return "" if peer.address else peer.namespace


class _Side:
    """What the policies that select a peer let it do in one direction."""

    def __init__(self, peer: Peer, policies: Iterable[Policy], direction: str) -> None:
        chosen = [one["spec"] for one in policies if _selects(one, peer) and direction in _directions(one["spec"])]
        self._rules = [rule for spec in chosen for rule in spec.get(direction.lower()) or []] if chosen else [{}]
        self._whom = _LOOKS_UP[direction]

    def rules_for(self, other: Peer) -> list[Mapping[str, Any]]:
        """Those that are about this one; they may differ in ports."""
        return [rule for rule in self._rules if _meets(rule.get(self._whom), other)]


def _directions(spec: Policy) -> list[str]:
    return list(spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])])


def _selects(policy: Policy, peer: Peer) -> bool:
    at_home = not peer.address and policy["metadata"].get("namespace", HOME) == peer.namespace
    return at_home and _fits(policy["spec"].get("podSelector"), peer.labels)


def _meets(wanted: list[Mapping[str, Any]] | None, other: Peer) -> bool:
    return not wanted or any(_is(one, other) for one in wanted)


def _is(wanted: Mapping[str, Any], other: Peer) -> bool:
    if block := wanted.get("ipBlock"):
        return bool(other.address) and _within(other.address, block)
    if other.address:
        return False
    if "namespaceSelector" in wanted:
        if not _fits(wanted["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != HOME:
        return False
    return _fits(wanted.get("podSelector"), other.labels)


def _within(address: str, block: Mapping[str, Any]) -> bool:
    found = ipaddress.ip_address(address)
    holes = [ipaddress.ip_network(one) for one in block.get("except", [])]
    return found in ipaddress.ip_network(block["cidr"]) and not any(found in one for one in holes)


def _has_port(rule: Mapping[str, Any], target: Peer, port: int, protocol: str) -> bool:
    wanted = rule.get("ports")
    return not wanted or any(
        one.get("protocol", "TCP") == protocol and _is_port(one.get("port"), one.get("endPort"), target, port)
        for one in wanted
    )


def _is_port(wanted: int | str | None, last: int | None, target: Peer, port: int) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return target.ports.get(port) == wanted
    return wanted <= port <= (last or wanted)


def _fits(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, Any] = selector or {}
    plain = wanted.get("matchLabels", {}).items() <= labels.items()
    return plain and all(_holds(one, labels) for one in wanted.get("matchExpressions", []))


def _holds(wanted: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(wanted["key"]), wanted.get("values", [])
    match wanted["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None
