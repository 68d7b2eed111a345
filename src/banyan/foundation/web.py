"""HTTP for services: problem+json for every refusal (RFC 9457), who asks, pages, ETags, idempotency keys, answers as bytes."""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banyan import __version__
from banyan.contracts import CALLS, gateway
from banyan.foundation import telemetry
from banyan.foundation.access import Doors
from banyan.foundation.auth import Principal, cart_cookie
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.peers import CALL_PATH
from banyan.foundation.service import Ports, Service
from banyan.kernel.refusals import Fault, Invalid, Malformed, NotFound, Refusal, Stale, Unconditional

_log = logging.getLogger(__name__)

MAX_BODY = 1_000_000  # bytes of a request's body, where a route does not say otherwise
MAX_CALL = 16_000_000  # … and of a call by one of our own services
PROBLEM = "application/problem+json"
_HTTP = {404: ("not_found", "There is nothing here"), 405: ("method_not_allowed", "This method is not known here")}


class Body(BaseModel):
    """What clients send: closed, so that a misspelt or forbidden field is refused instead of ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True, allow_inf_nan=False)


class Problem(BaseModel):
    """The shape of a refusal (RFC 9457), for the API's description."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] = []
    trace_id: str = ""


def problem(refusal: Refusal) -> Response:
    """A refusal as problem+json."""
    body: dict[str, Any] = {
        **refusal.more,
        "type": f"https://banyan.example/problems/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "trace_id": telemetry.trace_id(),
    }
    if refusal.errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in refusal.errors]
    headers = {"cache-control": "no-store"}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(max(1, round(refusal.retry_after)))
    if refusal.status == 401:
        headers["www-authenticate"] = f'Bearer error="{refusal.code}"'
    return Response(orjson.dumps(body), refusal.status, headers, PROBLEM)


def application(service: Service, ports: Ports) -> FastAPI:
    """The service's own ASGI application: its routes, calls of its peers, and every error as problem+json."""
    app = _Application(
        title=f"Banyan {service.name}",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        default_response_class=Response,
        generate_unique_id_function=lambda route: f"{service.name}_{route.name}",
        responses={"4XX": {"model": Problem, "description": "Refused", "content": {PROBLEM: {}}}},
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.ports = ports
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_as_described)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(_Guard)
    from banyan.foundation import express, operate

    app.include_router(service.routes(ports))
    app.include_router(operate.routes(service, ports))
    app.add_api_route(CALL_PATH + "{name}", _answer_calls(service, ports), methods=["POST"], include_in_schema=False)
    app.state.doors = doors = Doors.of(app.routes, service.access, principal, service.name)
    app.middleware_stack = _Guard(express.Express(app.build_middleware_stack(), app.routes, ports, doors))
    return app


class _Application(FastAPI):
    """FastAPI's own `__call__` asks for each request who configured its instrumentation, and where tracing is on writes a
    second span beside the edge's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.middleware_stack is not None
        scope["app"] = self  # as Starlette says it
        await self.middleware_stack(scope, receive, send)


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return problem(refusal)


async def _not_as_described(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, RequestValidationError)
    faults = [_fault(error) for error in wrong.errors()]
    if any((fault.pointer, fault.code) == ("/header/idempotency-key", "missing") for fault in faults):
        return problem(_key_required())
    if any(fault.code == "json_invalid" for fault in faults):
        return problem(Malformed("the body is not JSON", code="not_json"))
    return problem(Invalid("some of what was sent cannot be accepted", errors=faults))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _HTTP.get(error.status_code, ("refused", str(error.detail)))
    answer = problem(Refusal(detail, code=code, status=error.status_code))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


class _Guard:
    """What nobody foresaw: logged here, told without its details, and not raised on (Starlette's own handler would)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Refusal:  # before any route: the edge of the process answers
            raise
        except Exception as error:
            _log.error("a request failed", exc_info=error)
            if begun:
                raise
            failed = Refusal("something went wrong on our side", code="internal", status=500)
            await problem(failed)(scope, receive, send)


def _fault(error: Any) -> Fault:
    """Where pydantic found something, as a JSON pointer below `/body`, `/query` …"""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"])
    return Fault(pointer, str(error["type"]), str(error["msg"]))


def _answer_calls(service: Service, ports: Ports) -> Callable[[Request, str], Awaitable[Response]]:
    async def answer_call(request: Request, name: str) -> Response:
        caller = ports.peers.caller_of(request.headers)
        kind = CALLS.get(name)
        handler = service.calls.get(kind) if kind else None
        if kind is None or handler is None:
            raise Refusal(f"{service.name} is not asked {name}", status=404, code="no_such_call")
        ports.peers.must_be_allowed(caller, name)
        answer = await handler(ports, kind.model_validate_json(await request.body()))
        return Response(answer.model_dump_json(), media_type="application/json")

    return answer_call


# ---- what a route may ask for -------------------------------------------------------------------------------------


async def principal(request: Request, authorization: Annotated[str, Header(include_in_schema=False)] = "") -> Principal:
    """Who asks, by access token or cart token; a guest without either. Whom the access table does not let in is refused."""
    ports: Ports = request.app.state.ports
    doors: Doors = request.app.state.doors
    who = await ports.authority.principal(authorization, request.cookies.get(cart_cookie(ports.settings.origin), ""))
    doors.admit(request.method, request.scope["route"].path_format, who)
    return who


Who = Annotated[Principal, Depends(principal)]


def key_of(request: Request, who: Principal, key: str | None, body: bytes, *, required: bool) -> Key | None:
    """The Idempotency-Key of a request, bound to caller, operation and body."""
    return key_for(request.method, request.url.path, who, key, body, required=required)


def key_for(method: str, path: str, who: Principal, key: str | None, body: bytes, *, required: bool) -> Key | None:
    """As `key_of`, of a request that is not in FastAPI's hands."""
    if key is None:
        if required:
            raise _key_required()
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Malformed("an Idempotency-Key is 1 to 255 printable characters", code="key_malformed")
    if not path.isprintable():  # what no route knows, and the database cannot hold
        raise NotFound("There is nothing here")
    return Key.of(f"{who.caller} {method} {path}", key, body)


def _key_required() -> Malformed:
    return Malformed("send an Idempotency-Key header: any unique text, the same one on each retry", code="key_required")


async def _maybe_key(
    request: Request, who: Who, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
) -> Key | None:
    return key_of(request, who, idempotency_key, await request.body(), required=False)


async def _sure_key(request: Request, who: Who, idempotency_key: Annotated[str, Header(max_length=255)]) -> Key:
    key = key_of(request, who, idempotency_key, await request.body(), required=True)
    assert key is not None
    return key


MaybeKey = Annotated[Key | None, Depends(_maybe_key)]  # accepted
SureKey = Annotated[Key, Depends(_sure_key)]  # where money or stock moves

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


# ---- answers ------------------------------------------------------------------------------------------------------


def json(content: object, status: int = 200, **headers: str) -> Response:
    """Anything pydantic can serialize, as JSON bytes."""
    return Response(to_json(content), status, {k.replace("_", "-"): v for k, v in headers.items()}, "application/json")


def told(answer: Answer) -> Response:
    """An answer of an action, marked when it was given before."""
    response = Response(answer.body, answer.status, dict(answer.headers), "application/json")
    if answer.replayed:
        response.headers[gateway.IDEMPOTENT_REPLAYED] = "true"
    return response


def page(items: Sequence[object], next_cursor: str | None) -> Response:
    """One page of a list."""
    return json({"items": items, "next_cursor": next_cursor})


def cursor(*place: str | int) -> str:
    """An opaque place in a list."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """What `cursor` was made of; None for none. Malformed when it was not made here."""
    if cursor is None:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        found = None
    fits = isinstance(found, list) and len(found) == len(kinds)
    if not fits or not all(type(part) is kind and _keepable(part) for part, kind in zip(found, kinds, strict=True)):
        raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
    return tuple(found)


def _keepable(part: object) -> bool:
    """Whether PostgreSQL can be asked about it: text without NUL, a number of eight bytes."""
    return "\0" not in part if isinstance(part, str) else not isinstance(part, int) or abs(part) < 1 << 63


def etag(version: str | int) -> str:
    """A strong ETag out of a version."""
    return f'"{version}"'


def must_match(if_match: str | None, current: str | int) -> None:
    """Refuse an edit of something that changed meanwhile (RFC 9110 §13): 428 without If-Match, 412 when it is old."""
    if if_match is None:
        raise Unconditional
    if if_match != "*" and etag(current) not in [each.strip() for each in if_match.split(",")]:
        raise Stale
