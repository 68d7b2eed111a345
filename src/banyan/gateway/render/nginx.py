"""A Plan as a configuration of nginx (1.18 or later, open source). Weights are in it: changed by a new one and a reload.

nginx has no runtime API and no health checks that ask; its `hash` is our sum (gateway.legacy.sides) when all weights of an
upstream make 100 and our side stands first.
"""

import re
from collections.abc import Iterator, Sequence

from banyan.contracts import gateway as names
from banyan.gateway.headers import Safety
from banyan.gateway.legacy.crossing import VISITOR, WROTE
from banyan.gateway.render.plan import GATEWAY, LEGACY, NOBODY, STOREFRONT, Plan, Server, Split, home_group, pages

CONFIG = "nginx.conf"
_COOKIES = (
    12  # of ours that a browser may have; with more than these a request for the legacy shop loses all of its cookies
)
_ODD = r"^[^?]*(//|/\.\.?([/?]|$)|%2[fF]|%5[cC]|%00|\\\\)"  # nginx reads two backslashes as one
_ROOM = 1_000  # files for nginx itself


def files(plan: Plan) -> dict[str, str]:
    """File name → its text."""
    lines = [
        "# Made by `banyan gateway render nginx`; made anew rather than edited.",
        "worker_processes auto;",
        f"worker_rlimit_nofile {plan.files};",
        f"pid {plan.folder}/nginx.pid;",
        "events {",
        f"    worker_connections {max(512, plan.files - _ROOM)};",
        "}",
        "http {",
        *_indented(_http(plan)),
        "}",
    ]
    return {CONFIG: "\n".join(lines) + "\n"}


def _http(plan: Plan) -> Iterator[str]:
    yield from (
        "access_log off;",
        "server_tokens off;",
        "client_header_timeout 10s;",
        "keepalive_timeout 60s;",
        "client_max_body_size 128m;  # each service refuses what is too long for it",
        "proxy_http_version 1.1;",
        "proxy_connect_timeout 1s;",
        "proxy_read_timeout 17s;  # a service gives up after 15",
        "proxy_send_timeout 17s;",
        "proxy_request_buffering off;",
        "proxy_buffering off;",
        "proxy_next_upstream error timeout;  # never POST and PATCH, which nginx does not send twice",
        "proxy_next_upstream_tries 2;",
        f'map $http_{_variable(names.REQUEST_ID)} $id_of_request {{ "" $request_id; default $http_x_request_id; }}',
    )
    yield from _safety(plan)
    for name, servers in plan.backends().items():
        yield from _upstream(plan, name, servers)
    if plan.split is not None:
        yield from _split(plan, plan.split)
    yield from ("server {", *_indented(_server(plan)), "}")


def _upstream(plan: Plan, name: str, servers: Sequence[Server]) -> Iterator[str]:
    yield from (f"upstream {name} {{", f"    zone {name} 256k;", "    least_conn;")
    for server in servers:
        yield f"    server {server} max_conns={plan.per_server} max_fails=2 fail_timeout=5s;"
    yield from ("    keepalive 32;", "}")


def _server(plan: Plan) -> Iterator[str]:
    yield f"listen {plan.listen};"
    yield f"if ($request_uri ~ '{_ODD}') {{ return 400; }}"
    yield f'if ($http_{_variable(names.PEER)} != "") {{ return 404; }}'
    for hidden in ("internal", "metrics", "livez", "readyz"):
        yield f"location ~ ^/{hidden}(/|$) {{ return 404; }}"
    for prefix, name in plan.prefixes():
        if prefix == "/":
            continue
        inner = list(_to(plan, name, prefix)) if name != NOBODY else ["return 404;"]
        for at in (f"= {prefix}", f"^~ {prefix}/"):
            yield from (f"location {at} {{", *_indented(inner), "}")
    root = plan.routes.get("/", STOREFRONT)
    split, direct = plan.split is not None, root in plan.backends()
    yield from ("location / {", *_indented(_to(plan, root if direct else GATEWAY, "/", split=split)), "}")


def _to(plan: Plan, name: str, prefix: str, *, split: bool = False) -> Iterator[str]:
    tls = any(server.tls for server in plan.servers.get(name, ()))
    yield f"proxy_pass {'https' if tls else 'http'}://{'$to' if split else name};"
    if tls:
        yield from (
            f"proxy_ssl_trusted_certificate {plan.client}/ca.pem;",
            f"proxy_ssl_certificate {plan.client}/client.pem;",
            f"proxy_ssl_certificate_key {plan.client}/client.pem;",
            f"proxy_ssl_name {plan.servers[name][0].host};",
            "proxy_ssl_protocols TLSv1.3;",
            "proxy_ssl_verify on;",
        )
    yield from _headers(plan)
    if name != GATEWAY:
        kind = _kind(prefix)
        for header, _ in Safety(plan.origin).added([], kind):
            yield f"add_header {header.decode()} $say{_variable(kind + header.decode())} always;"


def _safety(plan: Plan) -> Iterator[str]:
    """What the gateway adds where a service did not say so itself: the same headers, from the same place."""
    for kind in ("/v1/", "/media/", "/"):
        for name, value in Safety(plan.origin).added([], kind):
            header = name.decode()
            said, say = f"$upstream_http_{_variable(header)}", f"$say{_variable(kind + header)}"
            yield f'map {said} {say} {{ "" "{value.decode()}"; default ""; }}'


def _kind(prefix: str) -> str:
    return "/v1/" if prefix.startswith("/v1/") else "/media/" if prefix == "/media" else "/"


def _headers(plan: Plan) -> Iterator[str]:
    told = {
        "host": "$http_host",
        "connection": '""',
        names.REQUEST_ID: "$id_of_request",
        names.CLIENT_ADDRESS: "$remote_addr",
        "x-forwarded-proto": "https" if plan.secure else "$scheme",
        "x-forwarded-host": "$http_host",
    }
    kept_back = ("forwarded", "x-real-ip", "x-forwarded-client-cert", names.DEADLINE, "x-banyan-held")
    for name, value in (*told.items(), *((name, '""') for name in kept_back)):
        yield f"proxy_set_header {name} {value};"


def _split(plan: Plan, split: Split) -> Iterator[str]:
    """Where a request for `/` and below goes: the gateway, or for a read the side that our sum says, by two inner doors."""
    route = r"~^route=(?<asked>[A-Za-z0-9_./-]+)(&(?!route=)[A-Za-z0-9_]+=[^&]*)*$"
    yield f'map $args $page {{ default "-"; "" home; "{route}" $asked&; }}'
    yield 'map $uri $front { default ""; / /; /index.php /; }'
    yield 'map "$front$page" $group {'
    yield '    default "";'
    if home := home_group(split):
        yield f'    "/home" {home};'
    for route, group in pages(split):
        exact = route.endswith("&")
        yield f'    "{"/" if exact else "~^/"}{route if exact else re.escape(route)}" "{group}";'
    yield from ("}", f'map "$request_method:$cookie_{WROTE}:$cookie_{VISITOR}" $may_pass {{')
    yield from ('    default "";', '    "~^(GET|HEAD)::.{1,200}$" 1;', "}")
    yield 'map "$may_pass$group" $to {'
    yield f"    default {GATEWAY};"
    for group in split.groups:
        if split.weight(group) < 100:
            yield f'    "1{group}" side_{group};'
    yield "}"
    for group in split.groups:
        if (weight := split.weight(group)) < 100:
            yield from (f"upstream side_{group} {{", f"    hash $cookie_{VISITOR};")
            yield from [f"    server unix:{plan.folder}/{GATEWAY}.sock weight={weight};"] if weight else []
            yield from (f"    server unix:{plan.folder}/{LEGACY}.sock weight={100 - weight};", "}")
    yield from _doors(plan, split)


def _doors(plan: Plan, split: Split) -> Iterator[str]:
    """The two ends of the hash: the gateway as ever, and the legacy shop without our cookies."""
    passed = [f"proxy_set_header {name} $http_{_variable(name)};" for name in ("x-forwarded-for", "x-forwarded-proto")]
    passed += ["proxy_set_header host $http_host;", 'proxy_set_header connection "";']
    yield f"server {{ listen unix:{plan.folder}/{GATEWAY}.sock; location / {{ proxy_pass http://{GATEWAY};"
    yield from (*_indented([*passed, "proxy_set_header x-forwarded-host $http_host;"]), "} }")
    before = "$http_cookie"
    for step in range(_COOKIES):
        match = rf"~^(?<a{step}>(.*; *)?)(__Host-|__Secure-)?banyan_[^;]*(; *|$)(?<b{step}>.*)$"
        yield f'map {before} $cookies{step} {{ default {before}; "{match}" "$a{step}$b{step}"; }}'
        before = f"$cookies{step}"
    yield f'map {before} $cookies_there {{ default {before}; "~(^|; *)(__Host-|__Secure-)?banyan_" ""; }}'
    yield from (f"upstream {LEGACY} {{", *(f"    server {server};" for server in split.legacy))
    yield from ("    keepalive 16;", "    keepalive_timeout 3s;  # shorter than any web server's own", "}")
    yield f"server {{ listen unix:{plan.folder}/{LEGACY}.sock; location / {{ proxy_pass http://{LEGACY};"
    yield from _indented([*passed, "proxy_set_header cookie $cookies_there;", "proxy_connect_timeout 5s;"])
    yield from (f"    proxy_redirect http://{server}/ {plan.origin}/;" for server in split.legacy)
    yield from ("    proxy_read_timeout 60s;", "} }")


def _variable(header: str) -> str:
    return header.replace("-", "_").replace("/", "_")


def _indented(lines: "Iterator[str] | Sequence[str]") -> Iterator[str]:
    return (f"    {line}" for line in lines)
