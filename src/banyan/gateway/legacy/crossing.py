"""Each request for a page of the legacy shop: whose turn it is, held or let through, and taken there."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from banyan.contracts.moving import CONFIRM, CONFIRMED, PLACE, GroupSteering, PageRule, Side
from banyan.foundation import deadlines
from banyan.foundation.edge import Receive, Send
from banyan.foundation.peers import Peers
from banyan.gateway.legacy.asked import HOME, SAFE, SHARED, Asked, route_of
from banyan.gateway.legacy.attempt import Attempt, telling, untouched
from banyan.gateway.legacy.carrying import Carrier, cookies_of
from banyan.gateway.legacy.dual import Dual
from banyan.gateway.legacy.homeward import Heard, asked_there, begin_again, page_of, redirect, translated
from banyan.gateway.legacy.lease import Lease
from banyan.gateway.legacy.overheard import ahead
from banyan.gateway.legacy.places import Places
from banyan.gateway.legacy.recogniser import Recogniser
from banyan.gateway.legacy.sides import Visitors, choose
from banyan.gateway.legacy.split import Answered, again, also_ours
from banyan.gateway.reply import Reply
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Conflict, DeadlinePassed, NotFound, Unavailable

VISITOR = "banyan_visitor"  # the cookie by which a browser keeps its side
WROTE = "banyan_wrote"  # the cookie that names the groups which a browser has just written to
SETTLING = 10  # seconds for which who wrote reads from the owner: the other side may not have heard of it yet
DOORS = "/internal/doors/"
HELD = b"x-banyan-held"  # tells a door under which hold, by its epoch, a write has waited
_INTO_THE_CART = "/cart/lines"  # the one form of ours that the legacy shop has too
_YEAR = 365 * 86_400
_FIRST_TRY = 5.0  # seconds for our side, where the legacy shop can still answer instead

Ours = Callable[[str, dict[str, Any], Receive, Send], Awaitable[None]]
"""Let one of our services answer: the path it has there, the request, and the two ends of the line."""


class Line(NamedTuple):
    """One request: what it asks, how it came, and the ways on."""

    asked: Asked
    scope: dict[str, Any]
    receive: Receive
    reply: Reply
    ours: Ours


class Turn(NamedTuple):
    """Whose it is to answer; `weighed`: by the visitor's weight; `other`: whether the other side may step in."""

    side: Side
    weighed: bool = False
    other: bool = False


class Crossing:
    """Stands in the gateway before everything that is not plainly ours."""

    def __init__(
        self, peers: Peers, clock: Clock, ids: Ids, legacy_http: str, folder: Path, *, secure: bool, **bounds: float
    ) -> None:
        """`legacy_http`: the legacy shop's web server. `folder`: for what is to outlive this process. `secure`: shoppers
        come by https. `bounds` as of Gates."""
        self._peers = peers
        self._clock = clock
        self._ids = ids
        self._secure = "; Secure" if secure else ""
        self._carrier = Carrier(legacy_http, clock)
        self._visitors = Visitors(ids)
        self._places = Places(peers, clock)
        self._recogniser = Recogniser(peers, clock, secure=secure)
        worker = ids.new("wrk")
        self.lease = Lease(peers, clock, worker, **bounds)
        self.dual = Dual(peers, clock, ids, folder, worker)

    async def start(self) -> None:
        await self.lease.start()
        await self.dual.start()

    async def close(self) -> None:
        await self.lease.close()
        await self.dual.close()
        await self._carrier.close()

    def asked(self, method: str, path: str, query: bytes) -> Asked | None:
        """The legacy shop's page that this is; None for ours to answer as if there were no legacy shop."""
        asked = self.lease.pages.asked(method, path, query)
        if asked is not None and asked.kind == "homeward":
            group = self.lease.group(asked.group)
            held = group is not None and group.holding and method not in SAFE
            return asked if group is not None and (group.owner == "legacy" or held) else None
        if asked is None or asked.rule is not None:
            return asked
        if path.strip("/") in SHARED:
            home = self.lease.pages.find("GET", HOME)
            group = self.lease.group(home.group) if home else None
            return None if group is not None and group.owner == "new" else asked
        return None if self.lease.all_final else asked

    async def answer(self, asked: Asked, scope: dict[str, Any], receive: Receive, reply: Reply, ours: Ours) -> None:
        """Answer it. `scope` has the headers that may pass. Unavailable when it was held for too long."""
        line = Line(asked, scope, receive, reply, ours)
        if asked.kind == "homeward":
            await self._homeward(line)
        elif asked.writes and (asked.group or not self.lease.known):
            async with self.lease.gates.through(asked.group) as held:
                await self._write(line, held=held)
        elif asked.kind == "read":
            await self._read(line)
        else:
            await self._legacy(line, untouched(reply))

    async def _write(self, line: Line, *, held: bool) -> None:
        """To the owner, whoever that is by now, and to nobody else."""
        group = self.lease.group(line.asked.group)
        if held and group is not None:
            line.scope["headers"].append((HELD, str(group.epoch).encode()))
        cookies = cookies_of(line.scope["headers"])
        groups = sorted({line.asked.group, *_wrote(cookies)})
        told = [self._cookie(WROTE, "-".join(groups), SETTLING)] if group is not None and group.weight else []
        if group is not None and group.owner == "new":
            return await self._ours(line, line.reply, told)
        door = line.asked.rule.door if line.asked.rule else ""
        if CONFIRMED in cookies and door in (CONFIRM, PLACE):
            told.append(self._cookie(CONFIRMED, "", 0))
            if door == PLACE:  # what our side showed is not what the legacy shop would place
                return await begin_again(telling(untouched(line.reply), told))
        split = also_ours(self.lease, line.asked.rule, group)
        if split is None or not await self._split(line, split, group, told):
            await self._to_the_owner(line, group, telling(untouched(line.reply), told))

    async def _split(self, line: Line, rule: PageRule, group: GroupSteering | None, told: list[bytes]) -> bool:
        """By its door, and the rest by the legacy shop. False: all of it is the legacy shop's; `line` was not read then."""
        async with self.lease.gates.through(rule.also):
            other = self.lease.group(rule.also)
            if other is None or other.owner != "new":
                return False
            body, receive = await ahead(line.receive)
            if body is None:  # longer than any form: nothing that a door would read
                await self._to_the_owner(line._replace(receive=receive), group, telling(untouched(line.reply), told))
                return True
            known = await self._recogniser.recognise(line.scope, self.lease.session_cookie)
            asking = line._replace(scope={**line.scope, "headers": known.headers}, receive=again(body))
            heard = Answered()
            await self._from(f"{DOORS}{rule.first}", asking, heard, line.scope["query_string"])
            rest = heard.rest()
            if rest is None:
                await heard.pass_on(telling(line.reply, [*told, *known.told]))
                return True
        scope, receive = asked_there(line.scope, rest) if rest.target else (line.scope, again(body))
        send = telling(untouched(line.reply), [*told, *known.told, *heard.cookies])
        await self._to_the_owner(line._replace(scope=scope, receive=receive), group, send)
        return True

    async def _to_the_owner(self, line: Line, group: GroupSteering | None, send: Send) -> None:
        """A write for the legacy shop; in dual mode the mover hears of it afterwards."""
        if group is None or not group.dual:
            return await self._legacy(line, send)
        carry, cookie = partial(self._carrier.carry, repeatable=False), self.lease.session_cookie
        await self.dual.write(line.asked.rule, group.name, cookie, line.scope, line.receive, send, carry)

    async def _homeward(self, line: Line) -> None:
        """A page of ours about what the legacy shop owns, or owned when this came."""
        rule, path = line.asked.rule, line.scope["path"]
        assert rule is not None
        end = untouched(line.reply)
        if line.scope["method"] in SAFE:
            return await redirect(end, page_of(rule), 302)
        async with self.lease.gates.through(rule.group):
            group = self.lease.group(rule.group)
            if group is not None and group.owner == "new":
                return await line.ours(path, line.scope, line.receive, line.reply)
            if path != _INTO_THE_CART:
                return await redirect(end, page_of(rule), 303)
            found = await translated(self._peers, path, line.receive)
            heard = Heard()
            if found.target:
                inner, receive = asked_there(line.scope, found)
                same = self.lease.pages.find("POST", route_of(inner["path"], inner["query_string"]))
                away = line._replace(asked=Asked("write", line.asked.route, same), scope=inner, receive=receive)
                await self._to_the_owner(away, group, heard)
            await redirect(end, found.after, 303, heard.cookies)

    async def _read(self, line: Line) -> None:
        cookies = cookies_of(line.scope["headers"])
        known = cookies.get(VISITOR, "")
        visitor = known or self._visitors.new()
        turn = self._turn(line.asked, visitor, _wrote(cookies))
        told = [self._cookie(VISITOR, visitor, _YEAR)] if turn.weighed and not known else []
        self._maybe_sample(line)
        if not await self._one(turn.side, line, told, other=turn.other):
            await self._one("legacy" if turn.side == "new" else "new", line, told, other=False)

    def _turn(self, asked: Asked, visitor: str, wrote: Sequence[str]) -> Turn:
        group, rule = self.lease.group(asked.group), asked.rule
        if group is None or rule is None or not (rule.to or rule.door):
            return Turn("legacy")
        if group.owner == "new":
            return Turn("new", other=not group.final)
        if not group.weight:
            return Turn("legacy")
        side = choose(visitor, {"new": group.weight, "legacy": 100 - group.weight})
        return Turn("legacy" if side == "legacy" or asked.group in wrote else "new", weighed=True, other=True)

    async def _one(self, side: Side, line: Line, told: Sequence[bytes], *, other: bool) -> bool:
        """Let one side answer a read, and count how it did. False: it did not, and nothing was sent."""
        end: Send = line.reply if side == "new" else telling(untouched(line.reply), told)
        attempt = Attempt(end, self._clock, keep_failures=other)
        try:
            if side == "legacy":
                await self._legacy(line, attempt)
            else:
                async with _hurry(other):
                    await self._ours(line, attempt, told)
        except (Unavailable, DeadlinePassed):
            if not other or line.reply.begun:
                raise
            return False
        except NotFound:  # our side has no such page, yet
            attempt.status = 404
            if not other:
                raise
            return False
        finally:
            self.lease.tally.count(line.asked.group, side, attempt.seconds, failed=attempt.failed)
        return not attempt.kept

    async def _legacy(self, line: Line, send: Send) -> None:
        await self._carrier.carry(line.scope, line.receive, send, repeatable=line.asked.repeatable)

    async def _ours(self, line: Line, send: Send, told: Sequence[bytes]) -> None:
        """By the door where there is one, else by the page of ours that shows the same."""
        rule = line.asked.rule
        assert rule is not None
        known = await self._recogniser.recognise(line.scope, self.lease.session_cookie)
        send = telling(send, [*told, *known.told])
        line = line._replace(scope={**line.scope, "headers": known.headers})
        if rule.door:
            return await self._from(f"{DOORS}{rule.door}", line, send, line.scope["query_string"])
        if not rule.to:
            raise Conflict("this step is done elsewhere now; begin again on the shop's start page", code="moved")
        place = await self._places.find(rule, _target(line.scope))
        if not place.path:
            raise NotFound("There is nothing here")
        if place.moved:
            return await redirect(send, place.path, 301)
        path, _, query = place.path.partition("?")
        await self._from(path, line, send, query.encode())

    async def _from(self, path: str, line: Line, send: Send, query: bytes) -> None:
        inner = {**line.scope, "path": path, "raw_path": path.encode(), "query_string": query}
        await line.ours(path, inner, line.receive, send)

    def _maybe_sample(self, line: Line) -> None:
        """Secrets in an address (`customer_token`, `login_token`) are not handed on."""
        group = self.lease.group(line.asked.group)
        rule = line.asked.rule
        if group is None or not group.shadow or line.scope["method"] != "GET" or rule is None or not rule.to:
            return
        if b"token" not in line.scope["query_string"] and self._ids.fraction() * 100 < group.shadow:
            self.lease.sample(line.asked.group, line.asked.route, _target(line.scope))

    def _cookie(self, name: str, value: str, seconds: int) -> bytes:
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{self._secure}".encode()


def _hurry(other: bool) -> AbstractAsyncContextManager[None]:
    return deadlines.within(_FIRST_TRY) if other else nullcontext()


def _wrote(cookies: dict[str, str]) -> list[str]:
    """The groups that this browser has just written to."""
    return [each for each in cookies.get(WROTE, "").split("-") if each.isidentifier()]


def _target(scope: dict[str, Any]) -> str:
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path
