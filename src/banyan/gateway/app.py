"""The gateway put together: one ASGI application that everything from outside comes through."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast
from urllib.parse import quote

from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.cache import Cache
from banyan.foundation.edge import Quick, Receive, Scope, Send
from banyan.foundation.face.policy import REPORTS
from banyan.foundation.keys import Keys
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Follower, Ports
from banyan.foundation.settings import FACES
from banyan.foundation.web import problem
from banyan.gateway import headers, limits
from banyan.gateway.admission import Door, WaitingRoom, priority_of, waiting_room
from banyan.gateway.cache import TOPICS, Shelf, family_of, key_of
from banyan.gateway.describe.openapi import OpenApi
from banyan.gateway.describe.pages import PATHS, Pages
from banyan.gateway.headers import Headers, Safety, outwards
from banyan.gateway.legacy.crossing import DOORS, Crossing
from banyan.gateway.limits import Limits
from banyan.gateway.proxy import Proxy
from banyan.gateway.reply import Reply
from banyan.gateway.reports import Reports
from banyan.gateway.routes import METHODS, Route, Routes, checked
from banyan.gateway.shared import Answers
from banyan.kernel.refusals import NotFound, Refusal, Unavailable

App = Callable[[Any, Any, Any], Awaitable[None]]

_log = logging.getLogger(__name__)
_OWN = "gateway"
_FRONT = "storefront"  # what no route names is its, or the legacy shop's while one moves in
_HIT = (b"cache-status", b"banyan; hit")  # RFC 9211
_MISS = (b"cache-status", b"banyan; fwd=miss")
# Where the one who asks is found out, an old token of theirs must not be in the way; providers have tokens of their own.
_ASKED_INSIDE = ("/v1/sessions", "/oauth", "/webhooks", "/.well-known", "/bank")


async def open_gateway(
    shop: Shop, routes: Mapping[str, str], *, extra: Mapping[str, App] | None = None, proxies: int = 0
) -> "Gateway":
    """The gateway over what the shop can reach, following the bus.

    `routes`: path prefix → service. `extra`: path prefix → application of this process, such as GraphQL.
    `proxies`: how many of our own stand in front and add to X-Forwarded-For; 0: the connection says who asks.
    """
    counters = await choose.cache(shop.settings, shop.clock)
    own = await choose.cache(shop.settings.model_copy(update={"cache_url": SecretStr("memory://")}), shop.clock)
    opened: list[Cache | Keys] = [counters, own]
    room = None
    if rate := shop.settings.waiting_room:
        keys = await choose.keys(shop.settings)
        opened.append(keys)
        room = WaitingRoom(rate, keys, shop.clock, shop.ids)
    gateway = Gateway(
        *(shop, routes, Limits(counters, own)),
        extra=extra or {},
        proxies=proxies,
        opened=opened,
        room=room,
        shared=counters if counters.shared else None,
    )

    async def from_now(_: Ports) -> None:
        return None

    async def hear(_: Ports, batch: Any) -> None:
        await gateway.shelf.hear(batch)

    follower = Follower(TOPICS, from_now, hear, heard=gateway.shelf.heard)
    await shop.follow_one("gateway cache", _ports(shop, counters), follower)
    if gateway.crossing is not None:
        await gateway.crossing.start()
    return gateway


class Gateway:
    """An ASGI application, to be wrapped by foundation.edge.Edge. See docs/ for what it promises."""

    def __init__(
        self,
        shop: Shop,
        routes: Mapping[str, str],
        limits: Limits,
        *,
        extra: Mapping[str, App],
        proxies: int,
        opened: Sequence[Cache | Keys] = (),
        room: WaitingRoom | None = None,
        shared: Cache | None = None,
    ) -> None:
        settings = shop.settings
        self._peers = shop.peers
        self._authority = shop.authority
        self._limits = limits if settings.rate_limits else None
        self._proxies = proxies
        self._opened = opened
        self._scheme = "https" if settings.origin.startswith("https:") else ""
        self._safety = Safety(settings.origin)
        self._openapi = OpenApi(shop.peers, Routes(routes), settings.origin, shop.clock, mounted=tuple(extra))
        self._own: dict[str, App] = {
            **extra,
            **dict.fromkeys(PATHS, Pages(self._openapi, shop.ids)),
            REPORTS: Reports(),
        }
        self._routes = Routes({**routes, **dict.fromkeys(self._own, _OWN)})
        self._proxy = Proxy(shop.clock, shop.peers.channel)
        self._door = Door(shop.clock, shop.ids)
        self._room = room
        self.crossing = _crossing(shop)
        answers = Answers(shared) if shared is not None else None
        self.shelf = Shelf(self._ask, shop.clock, finish=self._finish, shared=answers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return None
        if (ready := self.quick(scope)) is not None:
            scope["banyan.route"] = ready.route
            await send({"type": "http.response.start", "status": ready.status, "headers": ready.headers})
            return await send({"type": "http.response.body", "body": ready.body})
        reply = Reply(send, scope["method"], scope["path"], self._safety, self._openapi.methods)
        try:
            await self._let_in(scope, receive, reply)
        except Refusal as refusal:
            if not reply.begun:
                await problem(refusal)(scope, receive, reply)
        except Exception as error:
            if not reply.done:
                _log.error("a request failed", exc_info=error)
            if not reply.begun:
                failed = Refusal("something went wrong on our side", code="internal", status=500)
                await problem(failed)(scope, receive, reply)

    def quick(self, scope: Scope) -> Quick | None:
        """The answer to a read that is prepared, for whoever shows no token: the shortest way, a look-up."""
        method: str = scope["method"]
        if method != "GET" and method != "HEAD":
            return None
        ready = self.shelf.fresh(key_of(_raw_path(scope), scope["query_string"]))
        if ready is None:
            return None
        accept = unless = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept = value
            elif name == b"if-none-match":
                unless = value
            elif name == b"authorization" or name == b"x-banyan-peer":
                return None
        status, told, body = ready.answer(accept=accept, unless=unless, head=method == "HEAD")
        return Quick(status, [*told, _HIT], body, ready.route)

    async def close(self) -> None:
        """Let go of connections. The follower ends with the shop."""
        if self.crossing is not None:
            await self.crossing.close()
        await self.shelf.close()
        await self._proxy.close()
        for cache in self._opened:
            await cache.close()

    async def _let_in(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        """Everything that may refuse a request, then on to whoever answers it."""
        method, raw, query = scope["method"], _raw_path(scope), scope["query_string"]
        given = headers.checked(scope["headers"])
        path = checked(raw, query)
        if method not in METHODS:
            raise Refusal("This method is not known here", code="method_not_allowed", status=405)
        headers.must_be_from_here(method, path, given)
        if method in ("GET", "HEAD") and path.startswith("/v1/") and path.endswith("/"):
            raw, path = raw.rstrip(b"/"), path.rstrip("/")  # reads forgive; `DELETE /v1/me/` with a lost id must not
        route = self._routes.find(path)
        if route is None:
            raise NotFound("There is nothing here")
        scope["banyan.route"] = route.prefix
        reply.personal = b"authorization" in given or b"cookie" in given
        who = await self._who(path, given.get(b"authorization", b""), scope["headers"])
        peer = scope["client"][0] if scope.get("client") else ""
        forwarded = given.get(b"x-forwarded-for", b"").decode("latin-1")
        address = limits.address_of(peer, forwarded, self._proxies)
        inside = partial(self._inside, scope, given, address)
        if self.crossing is not None and route.service == _FRONT:
            asked = self.crossing.asked(method, path, query)
            if asked is not None:
                scope["banyan.route"] = "legacy"
                ours = partial(self._ours, who, address, reply)
                await self.crossing.answer(asked, inside(method, path, raw), receive, reply, ours)
                return
        await self._admit(method, path, who, address, reply)
        if self._room is not None and waiting_room.buys(method, path):
            if not (ticket := await self._turn(self._room, path, scope, receive, reply)):
                return
            reply.cookie = waiting_room.cookie(ticket, secure=bool(self._scheme))
        priority = priority_of(method, path)
        async with self._door.inside(priority, f"{method} {route.prefix} {priority.name}"):
            shared = method in ("GET", "HEAD") and b"authorization" not in given and family_of(path) is not None
            if shared and await self._from_shelf(raw, query, given, reply, head=method == "HEAD"):
                return
            inner = inside("GET" if method == "HEAD" else method, path, raw)
            await self._carry_in(route, inner, receive, reply, reply)
        if "route" in inner:
            scope["route"] = inner["route"]  # the service's own name of the path, for the edge's metrics

    async def _turn(self, room: WaitingRoom, path: str, scope: Scope, receive: Receive, reply: Reply) -> str:
        """The ticket of somebody whose turn to buy it is; empty when it is not, and he was told."""
        given = dict(scope["headers"])
        try:
            return await room.pass_by(waiting_room.shown(given))
        except waiting_room.Waits as waits:
            await waiting_room.answer(waits, given, path, secure=bool(self._scheme))(scope, receive, reply)
            return ""

    async def _admit(self, method: str, path: str, who: Principal, address: str, reply: Reply) -> None:
        if self._limits is not None:
            reply.limits = self._limits
            reply.standings = await self._limits.admit(method, path, who, address)
            limits.refuse(reply.standings)

    def _inside(
        self, scope: Scope, given: Mapping[bytes, bytes], address: str, method: str, path: str, raw: bytes
    ) -> dict[str, Any]:
        """The request as those behind the gateway see it."""
        passed = headers.inwards(
            scope["headers"],
            given.get(b"connection", b""),
            address=address,
            scheme=self._scheme or scope.get("scheme", "http"),
            host=given.get(b"host", b""),
        )
        chunked = b"transfer-encoding" in given
        return {**scope, "method": method, "path": path, "raw_path": raw, "headers": passed, "banyan.chunked": chunked}

    async def _ours(
        self, who: Principal, address: str, reply: Reply, path: str, inner: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer a request for a legacy page on our side, as if it had been for `path`."""
        await self._admit(inner["method"], path, who, address, reply)
        inner["method"] = "GET" if inner["method"] == "HEAD" else inner["method"]
        route = Route(DOORS, "move") if path.startswith(DOORS) else self._routes.find(path)
        if route is None:
            raise NotFound("There is nothing here")
        await self._carry_in(route, inner, receive, reply, send)

    async def _carry_in(self, route: Route, inner: dict[str, Any], receive: Receive, reply: Reply, send: Send) -> None:
        """Hand over; `send` leads to `reply`. What a body is refused for is said, whatever the service made of it."""
        try:
            await self._hand_over(route, inner, reply.hearing(receive) if inner["banyan.chunked"] else receive, send)
        finally:
            if reply.refused is not None and not reply.begun:
                refused, reply.refused = reply.refused, None
                raise refused

    async def _who(self, path: str, authorization: bytes, given: Headers) -> Principal:
        """Who asks. Unauthenticated for a token that does not hold, except where tokens are got."""
        cart = headers.cart_token(given, self._authority.cart_cookie)
        text = authorization.decode("latin-1")
        api = path.startswith(("/v1/", "/graphql"))
        if not api and text[:7].lower() != "bearer ":
            text = ""
        if text and path.startswith(_ASKED_INSIDE):
            text = ""
        return await self._authority.principal(text, cart) if text or cart else GUEST

    async def _hand_over(self, route: Route, inner: dict[str, Any], receive: Receive, send: Send) -> None:
        local, url = self._peers.local(route.service), self._peers.url(route.service)
        if route.service == _OWN:
            await self._own[route.prefix](inner, receive, send)
        elif local is not None:
            await local.app(inner, receive, send)
        elif url is not None:
            await self._proxy.carry(url, inner, receive, send)
        elif route.service in FACES:
            raise NotFound("There is nothing here")
        else:
            raise Unavailable(f"{route.service} is not here just now", retry_after=5)

    async def _from_shelf(
        self, raw: bytes, query: bytes, given: Mapping[bytes, bytes], reply: Reply, *, head: bool
    ) -> bool:
        """Answer a read that is the same for everyone; False when the service says that it is not."""
        target = raw.decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
        got = await self.shelf.get(key_of(raw, query), target)
        if got is None:
            return False
        if isinstance(got, HttpAnswer):
            told = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in got.headers]
            await reply({"type": "http.response.start", "status": got.status, "headers": told})
            await reply({"type": "http.response.body", "body": got.body})
            return True
        also = [_MISS, (b"ratelimit", limits.left(reply.standings))] if reply.standings else [_MISS]
        reply.begun = reply.done = True
        await got.send(
            reply.plain,
            accept=given.get(b"accept-encoding", b""),
            unless=given.get(b"if-none-match", b""),
            head=head,
            also=also,
        )
        return True

    async def _ask(self, target: str) -> HttpAnswer:
        route = self._routes.find(target.partition("?")[0])
        if route is None:
            raise NotFound("There is nothing here")
        return await self._peers.http(route.service, "GET", target)

    def _finish(self, told: Headers) -> Headers:
        """What every prepared answer carries; reading one counts towards no quota, but which there are is told."""
        carried = self._safety.added(outwards(told), "/v1/")
        return [*carried, (b"ratelimit-policy", limits.policy([limits.READS]))] if self._limits else carried


def _crossing(shop: Shop) -> Crossing | None:
    """The way to a legacy shop that moves in, where there is one."""
    legacy, secure = shop.settings.legacy_http, shop.settings.origin.startswith("https:")
    folder = shop.settings.data_dir / "dual"
    peers = shop.peers.of(_OWN)
    return Crossing(peers, shop.clock, shop.ids, legacy, folder, secure=secure) if legacy else None


def _raw_path(scope: Scope) -> bytes:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw


def _ports(shop: Shop, cache: Cache) -> Ports:
    """What a follower is given. A gateway keeps nothing, so what keeps things says so when it is used."""
    absent = cast(Any, choose.no_search("the gateway"))
    return Ports(
        settings=shop.settings,
        clock=shop.clock,
        ids=shop.ids,
        db=absent,
        bus=shop.bus,
        peers=shop.peers,
        egress=shop.egress,
        authority=shop.authority,
        cache=cache,
        media=absent,
        mail=absent,
        keys=absent,
        search=absent,
    )
