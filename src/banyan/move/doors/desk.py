"""A door that is played: it runs as it is, with a desk where the services are. Reads are answered from records, and what the
door would write is done to them and to nothing else.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import unquote

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from banyan.contracts import users
from banyan.contracts.legacy import CartLineRecord, CartRecord, Customer, CustomerAddress
from banyan.foundation.face.forms import Form
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.foundation.service import Ports
from banyan.kernel.refusals import DeadlinePassed, Refusal, Unavailable
from banyan.move.doors.books import Books
from banyan.move.doors.routes import DOORS
from banyan.move.doors.shopper import Cookie
from banyan.move.doors.visit import Visit

MOST_UNITS = 999  # of a line of a cart
_ADDRESS = re.compile(r"/v1/me/addresses/([^/]+)")
_LINE = re.compile(r"/v1/carts/[^/]+/lines/([^/]+)")
_PLACEHOLDER = {"access_token": "played", "refresh_token": "played", "expires_in": 900}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_UNKEPT = frozenset(("password",))  # what nobody keeps cannot be judged


@dataclass(frozen=True, slots=True)
class Said:
    """What a door answered: done or refused, and of a refusal the fields it names."""

    answer: str
    fields: tuple[str, ...] = ()


@dataclass
class Rules:
    """What services say of the bodies they take, read from their own descriptions (OpenAPI); nothing where they do not tell."""

    ports: Ports
    _kept: dict[str, Any] = field(default_factory=dict)

    async def faults(self, service: str, method: str, path: str, body: Mapping[str, Any]) -> list[str]:
        """The fields that the service would refuse, as far as its description says."""
        said = await self._read(service)
        found: Any = next((each for name, each in said.get("paths", {}).items() if _is(name, path)), {})
        content = found.get(method.lower(), {}).get("requestBody", {}).get("content", {})
        schema = _resolved(said, content.get("application/json", {}).get("schema", {}))
        needed = [name for name in schema.get("required", ()) if name not in body]
        known = {name: _resolved(said, each) for name, each in schema.get("properties", {}).items()}
        wrong = [name for name, value in body.items() if name in known and not _fits(known[name], value)]
        return [name for name in needed + wrong if name not in _UNKEPT]

    async def _read(self, service: str) -> Any:
        if service not in self._kept:
            try:
                answer = await self.ports.peers.http(service, "GET", "/openapi.json")
                self._kept[service] = answer.json() if answer.status == 200 else {}
            except (Unavailable, DeadlinePassed, ValueError):
                return {}
        return self._kept[service]


class Desk:
    """Stands where the services are. `customer` and `cart` are as they were before, and then as the doors left them."""

    def __init__(
        self, rules: Rules, customer: Customer | None, cart: CartRecord | None, *, taken: bool = False
    ) -> None:
        """`taken`: whether the e-mail address of who signs up has an account."""
        self.customer = customer
        self.cart = cart
        self._rules = rules
        self._taken = taken

    def local(self, _: str) -> None:
        return None

    def url(self, _: str) -> None:
        return None

    async def ask(self, call: object) -> Any:
        raise Unavailable(f"nobody here answers {type(call).__name__}")

    async def http(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        path = path.partition("?")[0]
        given = orjson.loads(body) if body else {}
        if wrong := await self._rules.faults(service, method, path, given):
            errors = [{"pointer": f"/{name}", "code": "invalid", "detail": "it does not fit"} for name in wrong]
            return _refused(422, "invalid", errors)
        if service == "users":
            return self._users(method, path, given)
        if service == "orders" and path.startswith("/v1/carts"):
            return self._carts(method, path, given)
        return _refused(404, "not_found")

    def _users(self, method: str, path: str, given: dict[str, Any]) -> HttpAnswer:
        if (method, path) == ("POST", "/v1/users"):
            return self._sign_up(given)
        if self.customer is None:
            return _refused(401, "unauthenticated")
        if path == "/v1/me":
            return self._me(given if method == "PATCH" else {})
        if path == "/v1/me/addresses" and method == "POST":
            return self._add_address(given)
        if found := _ADDRESS.fullmatch(path):
            return self._address(method, unquote(found[1]), given)
        return _refused(404, "not_found")

    def _sign_up(self, given: dict[str, Any]) -> HttpAnswer:
        if self._taken:
            return _refused(409, "email_taken")
        email, name = given["email"].strip(), given.get("name", "")
        self.customer = Customer(id="usr_new", version=0, email=email, name=name, created_at=_LONG_AGO)
        return _told(201, _PLACEHOLDER)

    def _me(self, given: dict[str, Any]) -> HttpAnswer:
        assert self.customer is not None
        changed = {"name": given["name"]} if "name" in given else {}
        if "marketing" in given.get("preferences", {}):
            changed["newsletter"] = given["preferences"]["marketing"]
        self.customer = self.customer.model_copy(update=changed)
        return _told(200, {"id": self.customer.id, "name": self.customer.name, "version": 1})

    def _add_address(self, given: dict[str, Any]) -> HttpAnswer:
        assert self.customer is not None
        there = self.customer.addresses
        try:
            place = users.Address(**given)
        except ValidationError as error:
            return _refused(
                422,
                "invalid",
                [{"pointer": f"/{each['loc'][0]}", "code": "invalid", "detail": ""} for each in error.errors()],
            )
        default = bool(given.get("is_default")) or not any(each.is_default for each in there)
        new = CustomerAddress(id=f"adr_new{len(there)}", address=place, is_default=default)
        self._put((*there, new), new if default else None)
        return _told(201, {"id": new.id, "version": 1})

    def _address(self, method: str, id: str, given: dict[str, Any]) -> HttpAnswer:
        assert self.customer is not None
        there = self.customer.addresses
        read = next((each for each in there if each.id == id), None)
        if read is None:
            return _refused(404, "not_found")
        if method == "DELETE":
            left = tuple(each for each in there if each.id != id)
            self._put(left, left[-1] if left and read.is_default else None)
            return _told(204, None)
        if method == "PATCH":
            place = read.address.model_copy(
                update={name: given[name] for name in users.Address.model_fields if name in given}
            )
            edited = CustomerAddress(id=id, address=place, is_default=read.is_default or bool(given.get("is_default")))
            self._put(
                tuple(edited if each.id == id else each for each in there), edited if given.get("is_default") else None
            )
        return _told(200, {"id": id, "version": 1})

    def _put(self, addresses: tuple[CustomerAddress, ...], default: CustomerAddress | None) -> None:
        assert self.customer is not None
        if default is not None:
            addresses = tuple(each.model_copy(update={"is_default": each.id == default.id}) for each in addresses)
        self.customer = self.customer.model_copy(update={"addresses": addresses})

    def _carts(self, method: str, path: str, given: dict[str, Any]) -> HttpAnswer:
        if method == "POST" and path == "/v1/carts":
            self.cart = self.cart or CartRecord(id="crt_new", version=0)
        if self.cart is None or (method == "GET" and not self.cart.lines and path == "/v1/carts/current"):
            return _refused(404, "not_found")
        units = {line.sku: line.quantity for line in self.cart.lines}
        if method == "POST" and path.endswith("/lines"):
            units[given["sku"]] = units.get(given["sku"], 0) + given["quantity"]
            if units[given["sku"]] > MOST_UNITS:
                return _refused(422, "invalid", [{"pointer": "/quantity", "code": "invalid", "detail": ""}])
        elif found := _LINE.fullmatch(path):
            sku = unquote(found[1])
            if sku not in units:
                return _refused(404, "no_such_line")
            units[sku] = given["quantity"]
        lines = tuple(CartLineRecord(sku=sku, quantity=count) for sku, count in units.items() if count)
        self.cart = self.cart.model_copy(update={"lines": lines})
        shown = [{"id": line.sku, "sku": line.sku, "name": "it", "quantity": line.quantity} for line in lines]
        return _told(200, {"id": self.cart.id, "lines": shown})


async def play(ports: Ports, books: Books, desk: Desk, door: str, said: Mapping[str, Any]) -> Said:
    """Run a door at this desk with what was sent. Refusals of 500 and above are raised: nothing can be said then."""
    there = dataclasses.replace(ports, peers=cast(Peers, desk))
    visit = Visit(there, books, _request(ports, said, desk), Form(map(tuple, said["form"])))
    try:
        return _said(await DOORS[door](visit))
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        return Said("refused", (refusal.code,))


def _request(ports: Ports, said: Mapping[str, Any], desk: Desk) -> Request:
    """As a browser of ours would send it that is signed in, where the shopper was."""
    query = said["target"].partition("?")[2]
    prefix = "__Host-" if ports.settings.origin.startswith("https:") else ""
    held = [f"{prefix}{Cookie.ACCESS.value}=played"] if desk.customer is not None else []
    if desk.cart is not None and desk.customer is None:
        held.append(f"{prefix}{Cookie.CART.value}=ct_played")
    headers = [(b"cookie", "; ".join(held).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query.encode(), "headers": headers}
    return Request(scope)


def _said(response: Response) -> Said:
    place = response.headers.get("location", "")
    if place:
        return Said("refused" if response.status_code == 303 or place.startswith("/sign-in") else "done")
    try:
        told = orjson.loads(bytes(response.body))
    except ValueError:
        return Said("done")
    error = told.get("error") if isinstance(told, dict) else None
    if error:
        return Said("refused", tuple(sorted(error)) if isinstance(error, dict) else ())
    return Said("refused" if str(told.get("redirect", "")).startswith("/sign-in") else "done")


def _told(status: int, body: Any) -> HttpAnswer:
    return HttpAnswer(status, (), b"" if body is None else orjson.dumps(body))


def _refused(status: int, code: str, errors: list[dict[str, str]] | None = None) -> HttpAnswer:
    return _told(status, {"detail": code, "code": code, "errors": errors or []})


def _is(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(a == b or a.startswith("{") for a, b in zip(parts, given, strict=True))


def _resolved(said: Any, schema: Any) -> Any:
    while "$ref" in schema:
        at = said
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at.get(part, {})
        schema = at
    return schema


def _fits(schema: Any, value: Any) -> bool:
    """Of text its length, pattern and choices, of numbers their bounds; anything else fits."""
    if isinstance(value, str):
        long: bool = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        try:
            return long and value in schema.get("enum", (value,)) and bool(re.search(schema.get("pattern", ""), value))
        except re.error:
            return long
    if isinstance(value, int) and not isinstance(value, bool):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True
