"""The shop's HTTP API as GraphQL resolvers ask it, with the caller's own headers, each thing at most once a request."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from graphql import GraphQLError
from starlette.requests import cookie_parser
from strawberry.dataloader import DataLoader

from banyan.foundation.auth import Authority, Principal
from banyan.foundation.face.places import segment
from banyan.foundation.peers import HttpAnswer, Peers, refusal_of
from banyan.kernel.refusals import NotFound, Refusal


class Shop:
    """One request's view: what the caller may see is decided by the services, from the caller's headers."""

    def __init__(self, peers: Peers, headers: Mapping[str, str], authority: Authority) -> None:
        self._peers = peers
        self._headers = headers
        self._authority = authority
        self._who: Principal | None = None
        self.cookies: list[str] = []  # to be set at the caller
        self.products: DataLoader[str, Any] = DataLoader(load_fn=self._products)
        self.stock: DataLoader[str, Any] = DataLoader(load_fn=self._stock)

    async def who(self) -> Principal:
        """Who asks, found out once. Unauthenticated for a token that does not hold."""
        if self._who is None:
            cart = cookie_parser(self._headers.get("cookie", "")).get(self._authority.cart_cookie, "")
            self._who = await self._authority.principal(self._headers.get("authorization", ""), cart)
        return self._who

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """A GET's JSON; None for 404. GraphQLError for every other refusal."""
        answer = await self._send(service, "GET", path + _query(query))
        return None if answer.status == 404 else _read(answer)

    async def send(self, service: str, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """An unsafe request's JSON. GraphQLError with the refusal's code when it is refused."""
        headers = {"idempotency-key": key} if key else {}
        answer = await self._send(service, method, path, orjson.dumps(body) if body is not None else b"", headers)
        self.cookies += [value for name, value in answer.headers if name == "set-cookie"]
        return _read(answer)

    async def _send(
        self, service: str, method: str, path: str, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        try:
            return await self._peers.http(
                service,
                method,
                path,
                headers={**self._headers, "content-type": "application/json", **(more or {})},
                body=body,
            )
        except Refusal as refusal:
            raise refused(refusal) from None

    async def _products(self, names: list[str]) -> Sequence[Any]:
        """Products by id or slug, asked for together; None where there is none."""
        return await asyncio.gather(*(self._product(name) for name in names))

    async def _product(self, name: str) -> Any:
        try:
            return await self.get("catalog", f"/v1/products/{segment(name)}")
        except NotFound:
            return None

    async def _stock(self, skus: list[str]) -> Sequence[Any]:
        found = await self.get("inventory", "/v1/stock", sku=skus)
        levels = {each["sku"]: each for each in (found or {}).get("items", ())}
        return [levels.get(sku) for sku in skus]


def _query(values: Mapping[str, Any]) -> str:
    given = {name: value for name, value in values.items() if value is not None and value != []}
    return "?" + urlencode(given, doseq=True) if given else ""


def _read(answer: HttpAnswer) -> Any:
    if answer.status >= 400:
        raise refused(refusal_of(answer))
    return answer.json()


def refused(refusal: Refusal) -> GraphQLError:
    """A refusal of the HTTP API in GraphQL's words: the same code, the same faults."""
    faults = [{"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in refusal.errors]
    told: dict[str, Any] = {"code": refusal.code, "status": refusal.status}
    return GraphQLError(refusal.detail, extensions=told | ({"errors": faults} if faults else {}))
