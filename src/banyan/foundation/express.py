"""The short way to a route that is asked often: what FastAPI would hand its endpoint, made without FastAPI.

Only plain requests go this way: a known path, known words in the query, each once and as it should be, JSON that fits
the model, and such headers. Whatever
is else goes the long way, which alone says what is wrong with it; so both ways answer alike, and the description is
FastAPI's.
"""

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl
from weakref import WeakSet

from fastapi.params import Header
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banyan.contracts.access import Row
from banyan.foundation.access import Doors, admit, every_route
from banyan.foundation.auth import Authority, cart_cookie
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, SureKey, Who, key_for, problem
from banyan.kernel.refusals import Malformed, Refusal

_LONGEST_QUERY = 1000  # bytes
_PLAIN = re.compile(r"[A-Za-z0-9_./-]{1,300}")
# The headers an endpoint may ask for, and how long the shortest limit on each is, in bytes.
_LONGEST = {
    b"authorization": 8192,
    b"cookie": 8192,
    b"content-type": 100,
    b"idempotency-key": 255,
    b"if-match": 200,
    b"if-none-match": 200,
}
Field = Any  # FastAPI's model of one parameter, which it names nowhere in public
Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Response]])
_short = WeakSet[Callable[..., Any]]()


def short(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint that is asked often: written above the route's own decorator."""
    _short.add(endpoint)
    return endpoint


class LongWay(Exception):
    """This request is not plain."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A plain request, before anybody knows who asks."""

    method: str
    path: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[bytes, str]
    body: bytes


Maker = Callable[[_Asked], Any]


class _Way:
    """One route by the short way. TypeError for one that asks for more than is known here."""

    def __init__(self, route: APIRoute, ports: Ports, row: Row | None) -> None:
        self.guards = [_guard(route, each.dependency) for each in route.dependencies]
        self.route = route
        self.row = row
        self.endpoint: Callable[..., Awaitable[Response]] = route.endpoint
        self.makers = dict[str, Maker]()
        self.who = self.key = self.request = ""  # the names they are asked for by
        self.needs_key = False
        self.ports = ports
        self.words = {each.alias: each for each in route.dependant.query_params}
        self.places = {each.name: each for each in route.dependant.path_params}
        for name, each in inspect.signature(route.endpoint, eval_str=True).parameters.items():
            if each.annotation == Who:
                self.who = name
            elif each.annotation is Request:
                self.request = name
            elif each.annotation in (MaybeKey, SureKey):
                self.key, self.needs_key = name, each.annotation == SureKey
            elif make := self._maker(name, each):
                self.makers[name] = make
        if self.request and (set(self.makers) - set(self.places) or self.who or self.key or self.guards):
            raise TypeError(f"{route.path} reads the request by itself: there is nothing to make for it but its places")

    async def hand_over(self, scope: Scope, receive: Receive, places: Mapping[str, str]) -> Response:
        """Call an endpoint that reads the request by itself, whatever it holds."""
        try:
            return await self.endpoint(**{self.request: Request(scope, receive), **places})
        except Refusal as refusal:
            return problem(refusal)

    async def answer(self, asked: _Asked, authority: Authority) -> Response:
        """Call the endpoint. LongWay before anything was done."""
        if self.needs_key and b"idempotency-key" not in asked.headers:
            raise LongWay
        try:
            for guard in self.guards:
                await guard(asked.headers.get(b"authorization", ""))
        except Refusal as refusal:
            return problem(refusal)
        values = {name: make(asked) for name, make in self.makers.items()}
        cookie = asked.headers.get(b"cookie", "")
        cart = cookie_parser(cookie).get(cart_cookie(self.ports.settings.origin), "") if cookie else ""
        try:
            if self.who or self.key:
                who = await authority.principal(asked.headers.get(b"authorization", ""), cart)
                if self.row is not None:
                    admit(self.row, who)
                values |= {self.who: who} if self.who else {}
            if self.key:
                given = asked.headers.get(b"idempotency-key")
                values[self.key] = key_for(asked.method, asked.path, who, given, asked.body, required=self.needs_key)
            return await self.endpoint(**values)
        except Refusal as refusal:
            return problem(refusal)

    def _maker(self, name: str, each: inspect.Parameter) -> Maker | None:
        kinds = (each.annotation, *get_args(each.annotation))
        if name in self.route.param_convertors:
            place = self.places[name]
            if each.annotation is str:
                return lambda asked: asked.places[name]
            return lambda asked: _valid(place, asked.places[name])
        if word := next((word for word in self.words.values() if word.name == name), None):
            return _word(word, each)
        if get_args(each.annotation)[:1] == (Ports,):
            return lambda _: self.ports
        if models := [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]:
            return _body(models[0], optional=each.default is None)
        if any(isinstance(kind, Header) for kind in kinds) and (header := name.replace("_", "-").encode()) in _LONGEST:
            return lambda asked: asked.headers.get(header, each.default)
        if each.default is inspect.Parameter.empty:
            raise TypeError(f"{self.route.path}: {name} cannot be made here")
        return None


def _guard(route: APIRoute, guard: Callable[..., Any] | None) -> Callable[[str], Awaitable[None]]:
    """What a router asks of all its routes, where that is the Authorization header alone."""
    if (
        guard is None
        or not inspect.iscoroutinefunction(guard)
        or [*inspect.signature(guard).parameters] != ["authorization"]
    ):
        raise TypeError(f"{route.path} depends on more than its endpoint asks for: it cannot go the short way")
    return guard


class Express:
    """An application whose marked routes are reached the short way, and all others through `app`."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], ports: Ports, doors: Doors) -> None:
        self._app = app
        self._ports = ports
        self._ways = dict[tuple[str, int], list[tuple[re.Pattern[str], _Way | None]]]()
        for route in every_route(routes):
            for method in route.methods or ():
                row = doors.row(method, route.path_format)
                way = _Way(route, ports, row) if route.endpoint in _short else None
                self._ways.setdefault((method, route.path.count("/")), []).append((route.path_regex, way))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._way(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        way, places = found
        scope["route"] = way.route  # for the edge's metrics, as FastAPI says it
        if way.request:
            answer = await way.hand_over(scope, receive, places)
            await answer(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:  # chunks that are none, too, are told as a disconnect: whoever is still there is answered
            await problem(Malformed("the body did not come whole"))(scope, receive, send)
            return
        try:
            query, headers = _query(scope["query_string"], way.words), _headers(scope, body)
            asked = _Asked(scope["method"], scope["path"], places, query, headers, body)
            answer = await way.answer(asked, self._ports.authority)
        except LongWay:
            await self._app(scope, _again(body, receive), send)
            return
        await answer(scope, receive, send)

    def _way(self, scope: Scope) -> tuple[_Way, Mapping[str, str]] | None:
        path: str = scope["path"]
        if scope.get("root_path") or not _PLAIN.fullmatch(path):
            return None
        for pattern, way in self._ways.get((scope["method"], path.count("/")), ()):
            if match := pattern.match(path):
                return (way, match.groupdict()) if way else None
        return None


def _headers(scope: Scope, body: bytes) -> dict[bytes, str]:
    """The headers that are known here. LongWay where one comes twice, is empty or too long, or the body is no JSON."""
    found = dict[bytes, str]()
    for name, value in scope["headers"]:
        if name in _LONGEST:
            if name in found or not 0 < len(value) <= _LONGEST[name]:
                raise LongWay
            found[name] = value.decode("latin-1")
    if body and found.get(b"content-type") != "application/json":
        raise LongWay
    return found


def _query(raw: bytes, known: Mapping[str, Field]) -> dict[str, str]:
    """What is asked for by name. LongWay where a name is unknown or comes twice, or says nothing."""
    if not raw:
        return {}
    if len(raw) > _LONGEST_QUERY:
        raise LongWay
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)  # as Starlette reads it
    words = dict(pairs)
    if len(words) < len(pairs) or not words.keys() <= known.keys() or not all(words.values()):
        raise LongWay
    return words


def _word(word: Field, each: inspect.Parameter) -> Maker:
    """One word of the query, as FastAPI's own model of it reads it."""
    alias, unsaid = word.alias, each.default
    if unsaid is inspect.Parameter.empty or word.field_info.default_factory is not None:
        raise TypeError(f"{alias} has no plain default: it cannot go the short way")
    kinds = (each.annotation, *get_args(each.annotation))
    several = any(get_origin(kind) in (list, set, tuple) for kind in kinds)

    def make(asked: _Asked) -> Any:
        given = asked.query.get(alias)
        if given is None:
            return list(unsaid) if several else unsaid
        if several:
            raise LongWay
        return _valid(word, given)

    return make


def _valid(field: Field, given: str) -> Any:
    value, errors = field.validate(given, {}, loc=())
    if errors:
        raise LongWay
    return value


def _body(model: type[BaseModel], *, optional: bool) -> Maker:
    def make(asked: _Asked) -> BaseModel | None:
        if not asked.body and optional:
            return None
        try:
            given = json.loads(asked.body)  # as FastAPI does: orjson makes another number of a very long one
            if not isinstance(given, dict):
                raise LongWay
            return model.model_validate(given)
        except ValueError:  # pydantic's is one, too
            raise LongWay from None

    return make


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when who asked has gone."""
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once more."""
    told = False

    async def receiving() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
