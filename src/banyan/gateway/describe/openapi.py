"""One OpenAPI 3.1 document out of all services' own, as the gateway serves them."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from banyan import __version__
from banyan.contracts import gateway
from banyan.foundation.auth import cart_cookie
from banyan.foundation.peers import Peers
from banyan.foundation.web import PROBLEM, Problem
from banyan.gateway.cache import family_of
from banyan.gateway.routes import Routes
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Refusal

Json = dict[str, Any]

WHOLE = 300.0  # seconds a document is believed that every service gave its part of …
PARTIAL = 3.0  # … and one where some did not
_PATIENCE = 3.0  # seconds for a service to describe itself
_REF = "#/components/schemas/"
_VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_ABOUT = {
    "users": "Accounts, sessions, addresses, roles; OpenID Connect.",
    "catalog": "Products, categories, search and suggestions.",
    "inventory": "Stock, warehouses and reservations.",
    "orders": "Carts, checkout, orders, returns and refunds.",
    "payments": "Payments, saved ways to pay, the vault, providers' webhooks.",
    "gateway": "The door itself: health and descriptions.",
}
_INTRODUCTION = (
    "JSON is `snake_case`; ids are opaque; times are RFC 3339 UTC; money is `{amount, currency}` in integer minor units. "
    "Errors are `application/problem+json` (RFC 9457) with a stable `code`. Lists are `{items, next_cursor}` with "
    "`?cursor=&limit=`. Send an `Idempotency-Key` with unsafe requests: the same key and body give the same answer. "
    "Edits take `If-Match` with the `ETag` that was read. Limits are told in `RateLimit` headers; 429 comes with "
    "`Retry-After`."
)


class OpenApi:
    """The document, put together when somebody asks and again when it is old or a part was missing."""

    def __init__(self, peers: Peers, routes: Routes, origin: str, clock: Clock, mounted: Iterable[str] = ()) -> None:
        self._peers = peers
        self._routes = routes
        self._origin = origin
        self._clock = clock
        self._mounted = tuple(mounted)
        self._parts: dict[str, Json] = {}  # as each service last described itself
        self._document: Json = {}
        self._until = float("-inf")
        self._asking = asyncio.Lock()

    async def current(self) -> Json:
        """The document as it is now; what a service that does not answer said before stands."""
        if self._clock.monotonic() >= self._until:
            async with self._asking:
                if self._clock.monotonic() >= self._until:
                    await self._refresh()
        return self._document

    async def methods(self, path: str) -> set[str]:
        """What may be done with a path, by the document; empty for one it does not know."""
        found = set[str]()
        for template, item in (await self.current())["paths"].items():
            if re.fullmatch(re.sub(r"\\{[^/]*?\\}", "[^/]+", re.escape(template)), path):
                found |= {verb.upper() for verb in item if verb in _VERBS}
        return found

    async def _refresh(self) -> None:
        services = list(self._routes.services())
        answers = await asyncio.gather(*(self._ask(service) for service in services))
        self._parts |= {service: part for service, part in zip(services, answers, strict=True) if part}
        self._document = merged(self._parts, self._routes, self._origin, mounted=self._mounted)
        self._until = self._clock.monotonic() + (WHOLE if all(part is not None for part in answers) else PARTIAL)

    async def _ask(self, service: str) -> Json | None:
        """The service's own document; empty where it has none, None where it does not answer."""
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._peers.http(service, "GET", "/openapi.json")
                part = answer.json() if answer.status == 200 else {}
        except (Refusal, TimeoutError, ValueError):
            return None
        return part if isinstance(part, dict) and "paths" in part else {}


def merged(parts: Mapping[str, Json], routes: Routes, origin: str, *, mounted: Iterable[str] = ()) -> Json:
    """The services' documents as one: only what the gateway lets through, every operation and schema named once."""
    schemas: Json = {"Problem": _problem()}
    paths: Json = {}
    taken = set[str]()
    for service, part in parts.items():
        part = _renamed(service, deepcopy(part), schemas)
        for path, item in part.get("paths", {}).items():
            route = routes.find(path)
            if route is None or route.service != service or not _served(path):
                continue
            for verb in _VERBS:
                if verb in item:
                    _complete(item[verb], service, path, verb, taken)
            paths[path] = item
    paths |= _own(mounted)
    used = {tag for item in paths.values() for verb in _VERBS if verb in item for tag in item[verb]["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Banyan", "version": __version__, "description": _INTRODUCTION},
        "servers": [{"url": origin}],
        "tags": [{"name": name, "description": text} for name, text in _ABOUT.items() if name in used]
        + [{"name": name} for name in sorted(used - set(_ABOUT))],
        "security": [{}, {"access_token": []}, {"cart_token": []}, {"cart_cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": _responses(),
            "headers": _headers(),
            "securitySchemes": _security(origin),
        },
    }


def _served(path: str) -> bool:
    return not path.startswith("/internal") and path != "/openapi.json"


def _renamed(service: str, part: Json, schemas: Json) -> Json:
    """Put the part's schemas among `schemas`; one that another service means otherwise gets this service's name before it."""
    own: Json = part.get("components", {}).get("schemas", {})
    own.pop("Problem", None)
    other = {name for name in own if schemas.get(name, own[name]) != own[name]}
    while more := {name for name in own if name in schemas and name not in other and _refers(own[name], other)}:
        other |= more
    names = {name: service.capitalize() + name for name in other}
    schemas |= {names.get(name, name): _rewritten(schema, names) for name, schema in own.items()}
    return {**part, "paths": _rewritten(part.get("paths", {}), names)}


def _refers(node: object, names: set[str]) -> bool:
    if isinstance(node, dict):
        return str(node.get("$ref", "")).removeprefix(_REF) in names or any(
            _refers(each, names) for each in node.values()
        )
    return isinstance(node, list) and any(_refers(each, names) for each in node)


def _rewritten(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: _REF + names.get(value.removeprefix(_REF), value.removeprefix(_REF))
            if key == "$ref" and isinstance(value, str) and value.startswith(_REF)
            else _rewritten(value, names)
            for key, value in node.items()
        }
    return [_rewritten(each, names) for each in node] if isinstance(node, list) else node


def _complete(operation: Json, service: str, path: str, verb: str, taken: set[str]) -> None:
    """What every operation behind the gateway has: a tag, an id of its own, and the gateway's refusals."""
    operation["tags"] = [service]
    wanted = name = operation.get("operationId") or re.sub(r"[\W_]+", "_", f"{service}_{verb}_{path}").strip("_")
    number = 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    operation["operationId"] = name
    responses = operation.setdefault("responses", {})
    for status, response in responses.items():
        if status[0] in "45" and "$ref" not in response:
            response["content"] = {**_forms_of_its_own(response), PROBLEM: {"schema": {"$ref": _REF + "Problem"}}}
    if verb == "get" and family_of(path) is not None:
        responses.setdefault("304", {"description": "As you have it (If-None-Match)"})
    for status, reference in (("429", "TooMany"), ("503", "Unavailable"), ("504", "DeadlinePassed")):
        responses.setdefault(status, {"$ref": f"#/components/responses/{reference}"})
    operation["responses"] = dict(sorted(responses.items()))


def _forms_of_its_own(refused: Json) -> Json:
    """What a refusal may look like besides problem+json, where a standard wants it so (OAuth). Frameworks' own forms are not."""
    return {
        kind: body
        for kind, body in refused.get("content", {}).items()
        if kind != PROBLEM and "properties" in body.get("schema", {})
    }


def _problem() -> Json:
    schema = Problem.model_json_schema()
    schema["properties"]["code"]["description"] = "Stable: what programs look at"
    schema["properties"]["errors"]["items"] = {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {"type": "string", "description": "RFC 6901, below /body, /query …"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    }
    return schema


def _responses() -> Json:
    content = {PROBLEM: {"schema": {"$ref": _REF + "Problem"}}}
    wait = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    limits = {
        name: {"$ref": f"#/components/headers/{name.replace('-', '')}"} for name in ("RateLimit", "RateLimit-Policy")
    }
    return {
        "TooMany": {"description": "Too many requests", "headers": wait | limits, "content": content},
        "Unavailable": {"description": "A part of the shop does not answer", "headers": wait, "content": content},
        "DeadlinePassed": {"description": "It took too long; it may or may not have been done", "content": content},
    }


def _headers() -> Json:
    text = {"type": "string"}
    return {
        "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}},
        "RateLimit": {"description": 'What is left: `"reads";r=5990;t=42`', "schema": text},
        "RateLimitPolicy": {"description": 'What is allowed: `"reads";q=6000;w=60`', "schema": text},
        "IdempotentReplayed": {
            "description": f"`{gateway.IDEMPOTENT_REPLAYED}: true` on an answer that was given before",
            "schema": text,
        },
    }


def _security(origin: str) -> Json:
    return {
        "access_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT (at+jwt, RFC 9068)",
            "description": "From `POST /v1/sessions` or `/oauth/token`.",
        },
        "cart_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ct_…",
            "description": "A guest's cart, from `POST /v1/carts`.",
        },
        "cart_cookie": {"type": "apiKey", "in": "cookie", "name": cart_cookie(origin)},
    }


def _own(mounted: Iterable[str]) -> Json:
    """The gateway's own paths."""

    def read(name: str, summary: str, media_type: str = "application/json", more: Json | None = None) -> Json:
        answer = {"description": summary, "content": {media_type: {}}}
        return {
            "get": {
                "tags": ["gateway"],
                "operationId": f"gateway_{name}",
                "summary": summary,
                "security": [],
                "responses": {"200": answer, **(more or {})},
            }
        }

    text = "text/plain"
    paths: Json = {
        "/livez": read("livez", "Whether the process lives", text),
        "/readyz": read("readyz", "Whether it can serve now", more={"503": {"description": "Not now"}}),
        "/metrics": read("metrics", "Prometheus metrics", text),
        "/openapi.json": read("openapi", "This document"),
        "/asyncapi.json": read("asyncapi", "The facts on the bus (AsyncAPI 3)"),
    }
    if "/graphql" in mounted:
        paths["/graphql/schema.graphql"] = read("graphql_schema", "The GraphQL schema (SDL)", text)
        paths["/graphql"] = {"post": _graphql()}
    return paths


def _graphql() -> Json:
    schema = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": {"type": "string"},
            "variables": {"type": ["object", "null"]},
            "operationName": {"type": ["string", "null"]},
        },
    }
    body: Json = {"required": True, "content": {"application/json": {"schema": schema}}}
    responses: Json = {
        "200": {"description": "Data, errors or both", "content": {"application/json": {"schema": {"type": "object"}}}},
        "4XX": {
            "description": "Refused",
            "content": {"application/json": {}, PROBLEM: {"schema": {"$ref": _REF + "Problem"}}},
        },
    }
    return {
        "tags": ["gateway"],
        "operationId": "gateway_graphql",
        "summary": "Ask in GraphQL",
        "requestBody": body,
        "responses": responses,
    }
