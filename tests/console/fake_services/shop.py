"""What the fake services hold, how they are put before a shop, and what every service answers to operators."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from banyan.contracts.users import ROLES, AskKeys, KeySet
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.foundation.settings import SERVICES
from banyan.foundation.web import problem
from banyan.kernel.refusals import Invalid, NotFound, Refusal
from tests.console.fake_services.asked import Asked, Handler, Json

KEY = RSAKey.generate_key(2048, {"kid": "k1"})


@dataclass
class FakeShop:
    """All services of a shop; what they hold may be changed by tests at any time."""

    shop: Shop
    asked: list[Asked] = field(default_factory=list)
    users: dict[str, Json] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)  # e-mail → password
    links: dict[str, str] = field(default_factory=dict)  # one-time token → user id
    refreshes: dict[str, str] = field(default_factory=dict)  # refresh token → user id
    orders: dict[str, Json] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    entries: dict[str, list[Json]] = field(default_factory=dict)
    products: dict[str, Json] = field(default_factory=dict)
    levels: dict[str, Json] = field(default_factory=dict)
    movements: dict[str, list[Json]] = field(default_factory=dict)
    reservations: dict[str, Json] = field(default_factory=dict)
    warehouses: dict[str, Json] = field(default_factory=dict)
    parked: dict[str, list[Json]] = field(default_factory=dict)
    findings: dict[str, list[Json]] = field(default_factory=dict)
    keys: dict[str, Json] = field(default_factory=dict)
    broken: dict[str, Refusal] = field(default_factory=dict)  # service → what it answers instead
    refund_answer: int = 201
    lose_answers: int = 0  # so many POSTs are done, and their answers lost
    _kept: dict[tuple[str, str], tuple[Any, Response]] = field(default_factory=dict)

    def install(self) -> None:
        """Put them where the shop's peers find them."""
        for name in SERVICES:
            calls: Any = {AskKeys: self._keys} if name == "users" else {}
            self.shop.peers.add(name, Local(cast(Ports, object()), calls, self._app(name)))

    def sent(self, method: str, path: str) -> list[Asked]:
        """Requests of this method whose path matches the pattern, the earliest first."""
        return [each for each in self.asked if each.method == method and re.fullmatch(path, each.path)]

    def add_user(self, email: str, *roles: str, password: str = "correct horse battery", name: str = "") -> Json:
        user = {
            "id": self.shop.ids.new("usr"),
            "email": email,
            "name": name,
            "roles": list(roles),
            "permissions": sorted(frozenset[str]().union(*(ROLES[role] for role in roles))),
            "has_password": True,
            "version": 1,
            "created_at": self.now(),
        }
        self.users[user["id"]] = user
        self.passwords[email] = password
        return user

    def add_link(self, user: Json) -> str:
        token = f"ml_{self.shop.ids.secret(20).hex()}"
        self.links[token] = user["id"]
        return token

    def access_token(self, user: Json, seconds: int = 600) -> str:
        now = int(self.shop.clock.now().timestamp())
        claims = {
            "iss": self.shop.settings.origin,
            "aud": "banyan",
            "sub": user["id"],
            "sid": "ses_1",
            "iat": now,
            "exp": now + seconds,
            "jti": self.shop.ids.new("tok"),
            "permissions": user["permissions"],
        }
        return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}, claims, KEY)

    def now(self, **ago: float) -> str:
        return (self.shop.clock.now() - timedelta(**ago)).isoformat().replace("+00:00", "Z")

    async def _keys(self, _: Any, __: AskKeys) -> KeySet:
        return KeySet(jwks=json.dumps({"keys": [KEY.as_dict(private=False)]}))

    def _app(self, service: str) -> Starlette:
        routes = [
            Route(path, self._endpoint(service, handler), methods=[method])
            for (owner, method, path), handler in self.table().items()
            if owner in (service, "*")
        ]
        return Starlette(routes=routes, exception_handlers={Refusal: _refused})

    def _endpoint(self, service: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            query: dict[str, list[str]] = {}
            for name, value in request.query_params.multi_items():
                query.setdefault(name, []).append(value)
            asked = Asked(
                service,
                request.method,
                request.url.path,
                query,
                dict(request.headers),
                json.loads(raw) if raw else None,
                {name: str(value) for name, value in request.path_params.items()},
                await self._permissions(request.headers.get("authorization", "")),
            )
            self.asked.append(asked)
            if service in self.broken:
                raise self.broken[service]
            return await self._once(asked, handler)

        return endpoint

    async def _once(self, asked: Asked, handler: Handler) -> Response:
        key = asked.headers.get("idempotency-key", "")
        kept = self._kept.get((asked.path, key)) if key else None
        if kept:
            if kept[0] != asked.body:
                raise Invalid("this Idempotency-Key was used for another request", code="key_reused")
            return kept[1]
        response = await handler(asked)
        if key:
            self._kept[asked.path, key] = (asked.body, response)
        if asked.method == "POST" and self.lose_answers:
            self.lose_answers -= 1
            raise Refusal("did not answer in time", code="deadline_passed", status=504)
        return response

    async def _permissions(self, authorization: str) -> frozenset[str]:
        if not authorization:
            return frozenset()
        return (await self.shop.authority.principal(authorization)).permissions

    def table(self) -> dict[tuple[str, str, str], Handler]:
        """Who answers what: service (`*`: all), method and path."""
        return {
            ("*", "GET", "/operate/invariants"): self._invariants,
            ("*", "GET", "/operate/parked"): self._parked,
            ("*", "POST", "/operate/parked/{seq}/retry"): self._unpark,
            ("*", "POST", "/operate/parked/{seq}/discard"): self._unpark,
        }

    async def _invariants(self, asked: Asked) -> Response:
        asked.must("operate")
        items = self.findings.get(asked.service, [])
        return JSONResponse({"service": asked.service, "proved_at": self.now(seconds=42), "items": items})

    async def _parked(self, asked: Asked) -> Response:
        asked.must("operate")
        return JSONResponse({"items": self.parked.get(asked.service, [])})

    async def _unpark(self, asked: Asked) -> Response:
        asked.must("operate")
        before = self.parked.get(asked.service, [])
        self.parked[asked.service] = [each for each in before if str(each["seq"]) != asked.named["seq"]]
        if len(self.parked[asked.service]) == len(before):
            raise NotFound("no event waits under this number")
        return JSONResponse({"seq": int(asked.named["seq"])})


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return problem(refusal)
