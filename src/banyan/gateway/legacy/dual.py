"""Dual mode: the legacy shop answers a write, and the mover is told of it afterwards, to play it on our side and compare.

The shopper waits for neither. Whether the mover lives makes no difference to them: what was not told is told later.
"""

import asyncio
import contextlib
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from banyan.contracts.gateway import IDEMPOTENCY_KEY
from banyan.contracts.moving import PageRule, TellWritten, Written
from banyan.foundation import deadlines
from banyan.foundation.edge import Message, Receive, Send
from banyan.foundation.peers import Peers
from banyan.gateway.legacy.carrying import cookies_of
from banyan.gateway.legacy.overheard import Heard, ahead, form_of, target_of
from banyan.gateway.legacy.spool import Entry, Spool
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Conflict, Refusal

PLAYED = frozenset(
    (
        *("cart.add", "cart.edit", "cart.remove", "address.save", "address.delete"),
        *("account.save", "newsletter.save", "register"),
    )
)  # doors that take part
BATCH = 200
_NEVER = (400, 413, 422)  # refusals that time does not mend
_AGAIN = (0.2, 2.0)  # seconds until telling is tried again, at first and at most
_REMEMBERED, _FOR = 1_000, 600.0  # answers to requests with a key of their own, and seconds for which they are kept
_log = logging.getLogger(__name__)

Carry = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class Dual:
    """`folder`: where what was not told yet outlives this process."""

    def __init__(self, peers: Peers, clock: Clock, ids: Ids, folder: Path, worker: str) -> None:
        self._peers = peers
        self._clock = clock
        self._ids = ids
        self.spool = Spool(folder, worker)
        self._place = 0
        self._unkept: Counter[str] = Counter()
        self._told: set[str] = set()  # of what was left
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._answers: OrderedDict[str, tuple[float, asyncio.Future[list[Message] | None]]] = OrderedDict()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="gateway dual write")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._tell()
        self.spool.close()

    async def write(
        self,
        rule: PageRule | None,
        group: str,
        cookie: str,
        scope: dict[str, Any],
        receive: Receive,
        send: Send,
        carry: Carry,
    ) -> None:
        """Let the legacy shop answer (`carry`), and remember it. `cookie`: that of its sessions.

        A retry of a request with an Idempotency-Key gets the answer that the first one had, and the legacy shop is not
        asked again. Conflict where that answer is not known.
        """
        door = rule.door if rule is not None and rule.door in PLAYED else ""
        session = cookies_of(scope["headers"]).get(cookie, "") if cookie else ""
        body, receive = await ahead(receive)
        id, keyed = self._id(scope, session, body)
        if keyed and id in self._answers:
            return await self._replay(id, send)
        scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"accept-encoding"]}
        heard = Heard(send, cookie.encode())
        kept = self._begin(id, rule, group, door, session, scope, body)
        if keyed:
            self._remember(id)
        try:
            await carry(scope, receive, heard)
        finally:
            if kept:
                self._place += 1
                ended = {"ended": self._now(), "place": self._place, "answer": heard.answer()}
                self.spool.end(id, ended if session else {**ended, "session": heard.session[:200]})
            self._bell.set()
            if keyed:
                self._answers[id][1].set_result(heard.whole())

    def _begin(
        self,
        id: str,
        rule: PageRule | None,
        group: str,
        door: str,
        session: str,
        scope: dict[str, Any],
        body: bytes | None,
    ) -> bool:
        form = form_of(body) if door and body is not None else None
        entry: Entry = {
            "id": id,
            "group": group,
            "route": (rule.route if rule else "")[:200],
            "door": door if form is not None else "",
            "target": target_of(scope) if form is not None else "",
            "form": form or [],
            "session": session[:200],
            "began": self._now(),
        }
        kept = self.spool.begin(entry)
        if not kept:
            self._unkept[group] += 1
        return kept

    def _id(self, scope: dict[str, Any], session: str, body: bytes | None) -> tuple[str, bool]:
        """The request's id, and whether the client gave it one: then its retry has the same."""
        given = dict(scope["headers"]).get(IDEMPOTENCY_KEY.encode(), b"")
        if not given or body is None:
            return self._ids.new("dwr"), False
        parts = (given, session.encode(), scope["raw_path"], scope["query_string"], body)
        return f"dwr_{sha256(b'|'.join(sha256(part).digest() for part in parts)).hexdigest()}", True

    def _remember(self, id: str) -> None:
        now = self._clock.monotonic()
        self._answers[id] = (now, asyncio.get_running_loop().create_future())
        while len(self._answers) > _REMEMBERED or next(iter(self._answers.values()))[0] < now - _FOR:
            self._answers.popitem(last=False)

    async def _replay(self, id: str, send: Send) -> None:
        messages = await asyncio.shield(self._answers[id][1])
        if messages is None:
            raise Conflict(
                "this request was sent before, and what became of it is not known; look before you send it anew, "
                "with another key",
                code="outcome_unknown",
            )
        for message in messages:
            await send({**message})

    async def _keep(self) -> None:
        """Tell what waits, whenever something does; first what workers before us left."""
        deadlines.forget()
        pause = _AGAIN[0]
        while True:
            try:
                await self._tell_left()
                break
            except (Refusal, TimeoutError):
                await self._clock.sleep(pause)
                pause = min(2 * pause, _AGAIN[1])
        while True:
            await self._bell.wait()
            self._bell.clear()
            pause = _AGAIN[0]
            while not await self._try():
                await self._clock.sleep(pause)
                pause = min(2 * pause, _AGAIN[1])

    async def _try(self) -> bool:
        """Whether everything that has ended was told."""
        try:
            await self._tell()
        except (Refusal, TimeoutError) as error:
            _log.info(
                "writes are told to the mover later", extra={"why": str(error), "waiting": len(self.spool.waiting)}
            )
            return False
        except Exception as error:  # nothing here may end the telling
            _log.warning("writes could not be told", extra={"why": repr(error)[:300]})
            return False
        return True

    async def _tell(self) -> None:
        while True:
            ended = [entry for entry in self.spool.waiting.values() if "answer" in entry][:BATCH]
            unkept, self._unkept = self._unkept, Counter()
            if not ended and not unkept:
                return
            try:
                await self._send(ended, dict(unkept))
            except BaseException:
                self._unkept += unkept
                raise
            self.spool.told([entry["id"] for entry in ended])

    async def _tell_left(self) -> None:
        for path, entries in self.spool.left():
            while waiting := [entry for entry in entries if entry["id"] not in self._told][:BATCH]:
                await self._send(waiting, {})
                self._told.update(entry["id"] for entry in waiting)
            self.spool.done(path)
        self._told.clear()

    async def _send(self, entries: list[Entry], unkept: dict[str, int]) -> None:
        writes = tuple(
            Written(
                **{name: entry[name] for name in ("id", "group", "route", "door", "target", "form", "session")},
                began=datetime.fromtimestamp(float(entry["began"]), UTC),
                ended=datetime.fromtimestamp(float(entry.get("ended") or entry["began"]), UTC),
                place=entry.get("place", 0),
                answer=entry.get("answer", "unknown"),
            )
            for entry in entries
        )
        try:
            async with deadlines.within(5.0):
                await self._peers.ask(TellWritten(writes=writes, unkept=unkept))
        except Refusal as refusal:
            if refusal.status not in _NEVER or not entries:
                raise
            await self._halves(entries, unkept, refusal)

    async def _halves(self, entries: list[Entry], unkept: dict[str, int], refusal: Refusal) -> None:
        """What was refused as a whole, by halves: one that can never be told does not hold up the others."""
        if len(entries) == 1:
            _log.warning("a write cannot be told", extra={"why": refusal.detail})
            self._unkept[entries[0]["group"]] += 1
            return
        half = len(entries) // 2
        await self._send(entries[:half], unkept)
        await self._send(entries[half:], {})

    def _now(self) -> float:
        return self._clock.now().timestamp()
