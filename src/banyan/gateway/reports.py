"""What browsers report that a page of ours tried and its policy forbade: counted, and noted without who or where from."""

import logging
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from banyan.foundation import telemetry
from banyan.foundation.edge import Receive, Scope, Send
from banyan.foundation.web import problem
from banyan.kernel.refusals import Malformed, Refusal

_log = logging.getLogger(__name__)
_MOST = 20  # reports at once
_LONGEST = 64_000  # bytes
_DIRECTIVES = frozenset(
    f"{kind}-src"
    for kind in (
        "child",
        "connect",
        "default",
        "font",
        "frame",
        "img",
        "manifest",
        "media",
        "object",
        "script",
        "style",
        "worker",
    )
) | {
    *("script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr"),
    *("base-uri", "form-action", "frame-ancestors", "require-trusted-types-for"),
}


class Reports:
    """An ASGI application for `/csp-reports`, in either of the two forms browsers use (CSP 3 §5.3, Reporting API)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await _take(Request(scope, receive))
        except Refusal as refusal:
            answer = problem(refusal)
        await answer(scope, receive, send)


async def _take(request: Request) -> Response:
    if request.method != "POST":
        raise Refusal("reports are posted", status=405, code="method_not_allowed")
    body = await request.body()
    if len(body) > _LONGEST:
        raise Malformed("no browser reports that much")
    try:
        found = _reports(orjson.loads(body))
    except ValueError:
        raise Malformed("this is no report", code="not_json") from None
    for each in found[:_MOST]:
        directive = str(
            each.get("effectiveDirective") or each.get("effective-directive") or each.get("violated-directive")
        )
        directive = directive.partition(" ")[0]
        directive = directive if directive in _DIRECTIVES else "other"
        telemetry.CSP_REPORTS.labels(directive).inc()
        _log.info("a page tried what its policy forbids", extra={"directive": directive, "page": _page(each)})
    return Response(status_code=204)


def _reports(said: Any) -> list[dict[str, Any]]:
    """The reports' bodies; nothing of what is none."""
    if isinstance(said, dict):
        said = [{"type": "csp-violation", "body": said.get("csp-report")}]
    if not isinstance(said, list):
        return []
    bodies = [each.get("body") for each in said if isinstance(each, dict) and each.get("type") == "csp-violation"]
    return [each for each in bodies if isinstance(each, dict)]


def _page(report: dict[str, Any]) -> str:
    """The page's path, without its query, which may hold a secret."""
    url = str(report.get("documentURL") or report.get("document-uri") or "")
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    return "".join(each for each in path[:100] if each.isprintable())
