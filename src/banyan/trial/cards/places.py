"""Where a text can be typed: every string of every operation and every header, GraphQL's strings, the forms of the pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_HEADERS = (
    *(
        "user-agent",
        "accept-language",
        "authorization",
        "cookie",
        "referer",
        "x-request-id",
        "traceparent",
        "tracestate",
    ),
    *(
        "idempotency-key",
        "if-match",
        "if-none-match",
        "x-forwarded-for",
        "x-forwarded-host",
        "origin",
        "x-note",
        "range",
    ),
    *("accept", "baggage", "banyan-signature", "stripe-signature", "from", "via", "x-banyan-peer"),
)
_PLAIN = "x"


@dataclass(frozen=True, slots=True)
class Place:
    """One text that can be typed; the request is made with it in `asked`."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None  # JSON
    form: Mapping[str, str] | None = None

    def asked(self, text: str) -> "Place":
        """With the text where it belongs."""
        return Place(
            self.name,
            self.method,
            self.path.replace(MARK, _quoted(text)),
            {name: value.replace(MARK, text) for name, value in self.headers.items()},
            _put(self.body, text),
            None if self.form is None else {name: value.replace(MARK, text) for name, value in self.form.items()},
        )


MARK = "\ufff0"


def of_api(described: Mapping[str, Any]) -> Iterator[Place]:
    """Every string in path, query, header and body of every operation of an OpenAPI description."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            plain = re.sub(r"\{[^}]+\}", _PLAIN, path)
            name = f"{method.upper()} {path}"
            for parameter in re.findall(r"\{([^}]+)\}", path):
                there = re.sub(r"\{[^}]+\}", _PLAIN, path.replace("{" + parameter + "}", MARK))
                yield Place(f"{name} path {parameter}", method.upper(), there)
            queries = [each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query"]
            for query in {*queries, "q"}:
                yield Place(f"{name} query {query}", method.upper(), f"{plain}?{query}={MARK}")
            headers = [each["name"] for each in operation.get("parameters", ()) if each.get("in") == "header"]
            for header in dict.fromkeys((*_HEADERS, *(each.lower() for each in headers))):
                yield Place(
                    f"{name} header {header}", method.upper(), plain, {header: MARK}, {} if method != "get" else None
                )
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            for where, body in _bodies(schema, described):
                yield Place(f"{name} body {where}", method.upper(), plain, {"idempotency-key": "canary"}, body)


def of_graphql() -> Iterator[Place]:
    """Strings in a document, in variables, in names."""
    for name, body in (
        ("literal", {"query": f'{{ search(q: "{MARK}") {{ total }} }}'}),
        ("variable", {"query": "query A($q: String) { search(q: $q) { total } }", "variables": {"q": MARK}}),
        ("unused variable", {"query": "{ __typename }", "variables": {"x": MARK}}),
        ("operation name", {"query": "{ __typename }", "operationName": MARK}),
        ("comment", {"query": f"{{ __typename }} # {MARK}"}),
        ("product", {"query": f'mutation {{ addLine(cartId: "{MARK}", sku: "{MARK}", quantity: 1) {{ id }} }}'}),
    ):
        yield Place(f"GraphQL {name}", "POST", "/graphql", {}, body)


def of_page(address: str, html: str) -> Iterator[Place]:
    """Every text field of every form of a page, and its hidden ones."""
    for form in re.finditer(r"<form\b([^>]*)>(.*?)</form>", html, re.S):
        action = re.search(r'action="([^"]*)"', form[1])
        method = "POST" if 'method="post"' in form[1] else "GET"
        names = list(dict.fromkeys(re.findall(r'<(?:input|select|textarea)\b[^>]*\bname="([^"]+)"', form[2])))
        target = action[1] if action else address
        for name in names:
            if method == "GET":
                yield Place(f"page {target} {name}", "GET", f"{target}?{name}={MARK}")
            else:
                yield Place(f"page {target} {name}", "POST", target, {}, None, dict.fromkeys(names, "1") | {name: MARK})


def _bodies(schema: Any, described: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Bodies with the mark in one of their strings each."""
    schema = _resolved(schema, described)
    if not schema or depth > 4:
        return
    kind = _kind(schema)
    if kind == "object" or "properties" in schema:
        plain = {name: _plain(each, described) for name, each in schema.get("properties", {}).items()}
        for name, each in schema.get("properties", {}).items():
            for where, inner in _bodies(each, described, depth + 1):
                yield f"{name}.{where}".rstrip("."), plain | {name: inner}
        yield "(a key)", plain | {MARK: 1}
    elif kind == "array":
        for where, inner in _bodies(schema.get("items"), described, depth + 1):
            yield where, [inner]
    elif kind == "string":
        yield "", MARK
    else:
        for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            yield from _bodies(each, described, depth + 1)


def _plain(schema: Any, described: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, described)
    kind = _kind(schema)
    if "anyOf" in schema:
        return _plain(schema["anyOf"][0], described)
    return {"object": {}, "array": [], "integer": 1, "number": 1, "boolean": True}.get(kind or "", _PLAIN)


def _kind(schema: Mapping[str, Any]) -> str | None:
    """The type; of several the first that is not null."""
    kind = schema.get("type")
    return next((each for each in kind if each != "null"), None) if isinstance(kind, list) else kind


def _resolved(schema: Any, described: Mapping[str, Any]) -> Any:
    if schema and "$ref" in schema:
        return described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema or {}


def _put(body: Any, text: str) -> Any:
    if isinstance(body, str):
        return body.replace(MARK, text)
    if isinstance(body, list):
        return [_put(each, text) for each in body]
    if isinstance(body, dict):
        return {_put(name, text): _put(each, text) for name, each in body.items()}
    return body


def _quoted(text: str) -> str:
    return text.replace(" ", "%20").replace(":", "%3A")
