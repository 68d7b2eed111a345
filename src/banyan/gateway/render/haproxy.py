"""A Plan as HAProxy's configuration (2.6 or later) and its three maps. Weights are a map: changed while it runs, see runtime.

Checked on HAProxy 2.6: `haproxy -c -f haproxy.cfg`. The address of a route is compared as it will be read, percent-decoded.
"""

import re
from collections.abc import Iterable, Sequence

from banyan.contracts import gateway as names
from banyan.gateway.headers import Safety
from banyan.gateway.legacy.crossing import VISITOR, WROTE
from banyan.gateway.render.plan import GATEWAY, LEGACY, NOBODY, STOREFRONT, Plan, Server, Split, home_group, pages

CONFIG, ROUTES, PAGES, WEIGHTS, SOCKET = "haproxy.cfg", "routes.map", "pages.map", "weights.map", "haproxy.sock"
_SAFE = "GET HEAD OPTIONS TRACE"
_CHECK = "check inter 1s fall 2 rise 1"
_ODD = r"//|/\.\.?(/|$)|%2[fF]|%5[cC]|%00|\\"  # spellings that two servers may read in two ways


def files(plan: Plan) -> dict[str, str]:
    """File name → its text."""
    made = {CONFIG: _config(plan), ROUTES: _map((_slashed(prefix), name) for prefix, name in plan.prefixes())}
    if plan.split is not None:
        made[PAGES] = _map((route, group or NOBODY) for route, group in pages(plan.split))
        made[WEIGHTS] = weights(plan.split)
    return made


def weights(split: Split) -> str:
    """The map that says how much of each group's reads the gateway answers."""
    return _map((group, str(split.weight(group))) for group in split.groups)


def _config(plan: Plan) -> str:
    parts = [_global(plan), _defaults(plan), _frontend(plan)]
    parts += [_backend(plan, name, servers) for name, servers in plan.backends().items()]
    if plan.split is not None:
        parts.append(_legacy(plan, plan.split))
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _global(plan: Plan) -> list[str]:
    return [
        "# Made by `banyan gateway render haproxy`; made anew rather than edited.",
        "global",
        f"    maxconn {plan.connections}  # two files each, of {plan.files}",
        f"    stats socket {plan.folder}/{SOCKET} mode 600 level admin",
        "    stats timeout 30s",
        "    hard-stop-after 30s",
    ]


def _defaults(plan: Plan) -> list[str]:
    full = '{"type":"about:blank","title":"Unavailable","status":503,"detail":"try again","code":"unavailable"}'
    return [
        "defaults",
        "    mode http",
        "    timeout connect 1s",
        "    timeout client 65s",
        "    timeout http-request 10s",
        "    timeout http-keep-alive 60s",
        "    timeout queue 5s  # then 503: who waits longer has gone",
        "    timeout server 17s  # a service gives up after 15",
        "    option redispatch",
        "    retries 2",
        "    retry-on conn-failure empty-response",
        "    http-reuse safe",
        "    balance leastconn",
        f"    http-error status 503 content-type application/problem+json string '{full}' hdr retry-after 1",
        f"    default-server {_CHECK} maxconn {plan.per_server}",
    ]


def _frontend(plan: Plan) -> list[str]:
    told = "https" if plan.secure else "%[ssl_fc,iif(https,http)]"
    lines = [
        "frontend shop",
        f"    bind {plan.listen}",
        f"    acl safe method {_SAFE}",
        "    http-request disable-l7-retry unless safe",
        f"    acl odd path -m reg '{_ODD}'",
        f"    acl peer req.hdr({names.PEER}) -m found",
        "    http-request set-var(txn.path) path,url_dec,concat(/)",
        "    acl hidden var(txn.path) -m beg /internal/ /metrics/ /livez/ /readyz/",
        "    http-request return status 400 if odd",
        "    http-request return status 404 if hidden || peer",
        "    # What callers may not say; traceparent passes as it came.",
        "    http-request del-header x-forwarded- -m beg",
        "    http-request del-header x-banyan- -m beg",
        f"    http-request del-header {names.DEADLINE}",
        "    http-request del-header forwarded",
        "    http-request del-header x-real-ip",
        f"    http-request set-header {names.REQUEST_ID} %[uuid()] if !{{ req.hdr({names.REQUEST_ID}) -m found }}",
        f"    http-request set-header {names.CLIENT_ADDRESS} %[src]",
        f"    http-request set-header x-forwarded-proto {told}",
        "    http-request set-header x-forwarded-host %[req.hdr(host)] if { req.hdr(host) -m found }",
        f"    http-request set-var(txn.to) var(txn.path),map_beg({plan.folder}/{ROUTES},{GATEWAY})",
        f"    http-request return status 404 if {{ var(txn.to) -m str {NOBODY} }}",
    ]
    lines += _shortcut(plan, plan.split) if plan.split is not None else []
    lines.append("    http-response del-header x-banyan- -m beg")
    if plan.split is not None:
        lines.append(f"    use_backend {LEGACY} if legacy_visitor legacy_there")
        lines.append(f"    use_backend {GATEWAY} if {{ var(txn.to) -m str {STOREFRONT} }}")
    return [*lines, "    use_backend %[var(txn.to)]", f"    default_backend {GATEWAY}"]


def _shortcut(plan: Plan, split: Split) -> list[str]:
    """`legacy_visitor`: a read of the legacy shop's by somebody who has a name, on the legacy shop's side by our sum."""
    home = home_group(split)
    first = [f"    http-request set-var(txn.group) str({home}) if front !asks"] if home else []
    return [
        "    # Reads of visitors on the legacy shop's side go there; see docs: the same sum as banyan.gateway.legacy.sides.",
        "    acl front path / /index.php",
        "    acl asks query -m found",
        "    acl plain query -m reg '^route=[A-Za-z0-9_./-]+(&[A-Za-z0-9_]+=[^&]*)*$'",
        "    acl again query -m sub &route=",
        "    http-request set-var(txn.route) url_param(route),concat(&) if front plain !again",
        f"    http-request set-var(txn.group) var(txn.route),map_beg({plan.folder}/{PAGES},{NOBODY}) if front plain !again",
        *first,
        f"    http-request set-var(txn.weight) var(txn.group),map_str_int({plan.folder}/{WEIGHTS},100)",
        f"    http-request set-var(txn.point) req.cook({VISITOR}),crc32,div(65536),and(32767),mod(100)",
        "    acl reads method GET HEAD",
        "    acl grouped var(txn.group) -m found",
        f"    acl wrote req.cook({WROTE}) -m found",
        f"    acl named req.cook({VISITOR}) -m len 1:200",
        "    acl one_cookie req.fhdr_cnt(cookie) eq 1",
        "    acl here var(txn.point),sub(txn.weight) lt 0",
        f"    acl legacy_there nbsrv({LEGACY}) gt 0",
        f"    http-request set-var(txn.side) str({LEGACY}) if reads grouped named one_cookie !wrote !here",
        f"    acl legacy_visitor var(txn.side) -m str {LEGACY}",
    ]


def _backend(plan: Plan, name: str, servers: Sequence[Server]) -> list[str]:
    lines = [f"backend {name}", "    option httpchk GET /readyz", "    http-check expect status 200"]
    lines += _safety(plan, name) if name != GATEWAY else []
    return [*lines, *(f"    server {name}{place} {each}{_tls(plan, each)}" for place, each in enumerate(servers, 1))]


def _safety(plan: Plan, service: str) -> list[str]:
    """What the gateway adds where a service did not say so itself: the same headers, from the same place."""
    kinds = {
        "/v1/" if prefix.startswith("/v1") else "/media/" if prefix == "/media" else "/"
        for prefix, name in plan.routes.items()
        if name == service
    }
    lines = [
        "    acl data var(txn.path) -m beg /v1/",
        "    acl media var(txn.path) -m beg /media/",
        "    acl personal req.hdr(authorization) -m found",
        "    acl personal req.hdr(cookie) -m found",
        "    http-request set-var(txn.private) bool(true) if data personal",
    ]
    safety = Safety(plan.origin)
    for path in sorted(kinds):
        when = {"/v1/": "data", "/media/": "media"}.get(path, "!data !media")
        lines += [
            f'    http-response set-header {name.decode()} "{value.decode()}"'
            f" if {when} !{{ res.hdr({name.decode()}) -m found }}"
            for name, value in safety.added([], path)
        ]
    private = "{ var(txn.private) -m bool } !{ res.hdr(cache-control) -m found }"
    return [*lines, f"    http-response set-header cache-control no-store if {private}"]


def _tls(plan: Plan, server: Server) -> str:
    if not server.tls:
        return ""
    named = f" sni str({server.host}) verifyhost {server.host}" if not re.fullmatch(r"[\d.:]+", server.host) else ""
    return f" ssl verify required ca-file {plan.client}/ca.pem crt {plan.client}/client.pem{named}"


def _legacy(plan: Plan, split: Split) -> list[str]:
    """As the gateway asks it: without our cookies, and its own address put right in what it answers."""
    lines = [
        f"backend {LEGACY}",
        "    timeout connect 5s",
        "    timeout server 60s",
        "    http-request set-header cookie ;\\ %[req.fhdr(cookie)] if { req.fhdr(cookie) -m found }",
    ]
    lines += [
        f'    http-request set-header cookie %[req.fhdr(cookie),regsub("; *{prefix}banyan_[^;]*",,g)]'
        for prefix in ("", "__Host-", "__Secure-")
    ]
    lines += [
        r'    http-request set-header cookie %[req.fhdr(cookie),regsub("^[; ]*",)]',
        "    http-request del-header cookie if !{ req.fhdr(cookie) -m len 1:65535 }",
    ]
    for server in split.legacy:
        host = re.escape(str(server))
        lines.append(
            f"    http-response replace-header location '(?i)^(https?:)?//{host}([/?#].*|)$' '{plan.origin}\\2'"
        )
        bare = re.escape(server.host)
        lines.append(f"    http-response replace-header set-cookie '(?i)^(.*); *domain={bare}(.*)$' '\\1\\2'")
    return [*lines, *(f"    server {LEGACY}{place} {each}" for place, each in enumerate(split.legacy, 1))]


def _slashed(prefix: str) -> str:
    return prefix.rstrip("/") + "/"


def _map(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{key} {value}\n" for key, value in lines)
