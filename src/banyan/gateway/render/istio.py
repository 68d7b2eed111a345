"""A Plan as resources of Istio: routes, retries, connection limits, strict mTLS, and who may ask which internal call.

Envoy cannot do our sum (gateway.legacy.sides), but it can read: a visitor that our gateway named has the outcome in the first
two digits of the name. Hosts are the servers' names as the cluster knows them, `http://orders.shop.svc.cluster.local:8004`.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from banyan.contracts import callers
from banyan.contracts import gateway as names
from banyan.foundation.peers import CALL_PATH
from banyan.gateway.legacy.crossing import VISITOR
from banyan.gateway.render.plan import GATEWAY, LEGACY, NOBODY, STOREFRONT, Plan, Server, Split, home_group, pages

CONFIG = "istio.yaml"
_SAFE = "GET|HEAD|OPTIONS|TRACE"
_OUR_OTHERS = (
    r".*banyan_([^v].*|v[^i].*)"  # any cookie of ours but the visitor's name: none of them is for a legacy shop
)
_TWICE = r".*[?&]route=.*&route=.*|.*[?&][A-Za-z0-9_]*[^A-Za-z0-9_=&?][^=&]*=.*"

Resource = dict[str, Any]


def files(plan: Plan, *, namespace: str = "banyan", door: str = "banyan") -> dict[str, str]:
    """File name → its text. `door`: the Gateway resource by which callers come in."""
    made = [_routes(plan, namespace, door), *_connections(plan, namespace), *_identity(plan, namespace)]
    return {CONFIG: yaml.dump_all(made, Dumper=_Plain, sort_keys=False, width=120)}


class _Plain(yaml.SafeDumper):
    """YAML without anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _resource(kind: str, version: str, name: str, namespace: str, spec: Resource) -> Resource:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _routes(plan: Plan, namespace: str, door: str) -> Resource:
    host = plan.origin.partition("://")[2].partition(":")[0]
    hidden = [at for prefix in ("/internal", "/metrics", "/livez", "/readyz") for at in _at(prefix)]
    http: list[Resource] = [
        {"name": "hidden", "match": hidden, "directResponse": {"status": 404}},
        {
            "name": "peers",
            "match": [{"headers": {names.PEER: {"regex": ".+"}}}],
            "directResponse": {"status": 404},
        },
    ]
    if plan.split is not None:
        http += _split(plan, plan.split)
    for prefix, name in plan.prefixes():
        if name == NOBODY:
            http.append({"name": "nobody", "match": _at(prefix), "directResponse": {"status": 404}})
            continue
        to = name if name in plan.backends() else GATEWAY
        place = prefix.strip("/").replace("/", "-").strip(".") or STOREFRONT
        reads = [{**at, "method": {"regex": _SAFE}} for at in _at(prefix)]
        http.append({"name": f"{place}-reads", "match": reads, **_to(plan.servers[to][0]), **_again(2)})
        http.append({"name": place, "match": _at(prefix), **_to(plan.servers[to][0]), **_again(0)})
    spec = {"hosts": [host], "gateways": [door], "http": http}
    return _resource("VirtualService", "networking.istio.io/v1", "banyan", namespace, spec)


def _at(prefix: str) -> list[Resource]:
    """By whole segments."""
    if prefix == "/":
        return [{"uri": {"prefix": "/"}}]
    return [{"uri": {"exact": prefix}}, {"uri": {"prefix": f"{prefix}/"}}]


def _to(server: Server, seconds: int = 17) -> Resource:
    # What callers may not say about themselves; Envoy puts its own X-Forwarded-For and X-Request-Id.
    removed = ["forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-client-cert", names.DEADLINE, "x-banyan-held"]
    return {
        "headers": {"request": {"remove": removed}, "response": {"remove": ["x-banyan-tags"]}},
        "route": [{"destination": {"host": server.host, "port": {"number": server.port}}}],
        "timeout": f"{seconds}s",
    }


def _again(attempts: int) -> Resource:
    if not attempts:
        return {"retries": {"attempts": 0}}
    return {"retries": {"attempts": attempts, "retryOn": "connect-failure,refused-stream,reset", "perTryTimeout": "8s"}}


def _split(plan: Plan, split: Split) -> Iterator[Resource]:
    """Reads of visitors on the legacy shop's side go there; all others are the gateway's, which knows."""
    for group in split.groups:
        named = legacy_names(split.weight(group))
        if not named:
            continue
        common: Resource = {
            "method": {"regex": "GET|HEAD"},
            "headers": {"cookie": {"regex": named}},
            "withoutHeaders": {"cookie": {"regex": _OUR_OTHERS}, ":path": {"regex": _TWICE}},
        }
        matches = []
        if home_group(split) == group:
            matches.append({**common, "withoutHeaders": {**common["withoutHeaders"], ":path": {"regex": r".*\?.*"}}})
            matches[0]["uri"] = {"exact": "/"}
        matches += [
            {**common, "uri": {"exact": path}, "queryParams": {"route": {"exact": route[:-1]}}}
            for route, owner in pages(split)
            if owner == group and route.endswith("&")
            for path in ("/", "/index.php")
        ]
        there = {**_to(split.legacy[0], 60), **_again(2)}
        yield {"name": f"{LEGACY}-{group}", "match": matches, **there}


def legacy_names(percent: int) -> str:
    """The cookie header of whom the gateway named and who is not among the first `percent`; empty where that is nobody."""
    if percent >= 100:
        return ""
    tens, ones = divmod(percent, 10)
    rest = [f"{tens}[{ones}-9]" if ones < 9 else f"{tens}9"]
    if tens < 9:
        rest.append(f"[{tens + 1}-9][0-9]" if tens < 8 else "9[0-9]")
    return rf"(.*; ?)?{VISITOR}=({'|'.join(rest)})\.[0-9a-f]{{20}}(;.*)?"


def _connections(plan: Plan, namespace: str) -> Iterator[Resource]:
    for name, servers in plan.backends().items():
        yield _destination(name, servers[0], namespace, plan.per_server, tls=True)
    if plan.split is not None:
        yield _destination(LEGACY, plan.split.legacy[0], namespace, plan.per_server, tls=False)


def _destination(name: str, server: Server, namespace: str, most: int, *, tls: bool) -> Resource:
    policy = {
        "loadBalancer": {"simple": "LEAST_REQUEST"},
        "connectionPool": {
            "tcp": {"maxConnections": most, "connectTimeout": "1s"},
            "http": {"http1MaxPendingRequests": most, "http2MaxRequests": most, "maxRetries": max(1, most // 10)},
        },
        "outlierDetection": {"consecutive5xxErrors": 5, "interval": "5s", "baseEjectionTime": "10s"},
        "tls": {"mode": "ISTIO_MUTUAL" if tls else "DISABLE"},
    }
    spec = {"host": server.host, "trafficPolicy": policy}
    return _resource("DestinationRule", "networking.istio.io/v1", name, namespace, spec)


def _identity(plan: Plan, namespace: str) -> Iterator[Resource]:
    """Strict mTLS for all, and each service's internal calls denied to whom contracts.callers does not name."""
    version = "security.istio.io/v1"
    yield _resource("PeerAuthentication", version, "banyan", namespace, {"mtls": {"mode": "STRICT"}})
    rules: dict[str, list[Resource]] = {}
    for call, askers in callers.CALLERS.items():
        names = [f"cluster.local/ns/{namespace}/sa/{asker}" for asker in sorted(askers - {callers.SHOP})]
        rule = {
            "from": [{"source": {"notPrincipals": names}}],
            "to": [{"operation": {"paths": [CALL_PATH + call]}}],
        }
        rules.setdefault(call.partition(".")[0], []).append(rule)
    for owner, denied in rules.items():
        spec = {"selector": {"matchLabels": {"app": owner}}, "action": "DENY", "rules": denied}
        yield _resource("AuthorizationPolicy", version, f"{owner}-callers", namespace, spec)
