"""Acts of operators: each at most once for an Idempotency-Key, and done to its end though whoever asked has gone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic_core import to_json

from banyan.foundation import deadlines, idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Conflict, NotFound, Refusal
from banyan.move.cutover import gates
from banyan.move.legacy import Adapter
from banyan.move.mover import Mover
from banyan.move.source import SqlError
from banyan.move.storage import groups, log
from banyan.move.verify.verifier import Verifier
from banyan.move.way_back.ground import ground_of

RUNNING = 180.0  # seconds for which a key is kept for an act whose process may have died
_FOLLOWED = ("catching_up", "in_sync", "verified", "cutting_over", "new_primary", "reverting", "finalized")
_log = logging.getLogger(__name__)
T = TypeVar("T")

Act = Callable[[], Awaitable[Answer]]
Rehearse = Callable[[Settings, str, int, float, str], Awaitable[str]]
"""(settings, group, rounds, longest pause in seconds, who): runs it to its end, and says why it did not go well."""


class Acts:
    """What operators asked of this process and is not done yet: `verifying`, group → rows compared so far; `rehearsing`."""

    def __init__(self, ports: Ports, known: Callable[[str], Adapter], rehearse: Rehearse) -> None:
        self._ports = ports
        self._known = known
        self._command = rehearse
        self._running: set[asyncio.Task[Any]] = set()
        self.verifying: dict[str, int] = {}
        self.rehearsing: set[str] = set()

    @property
    def moving(self) -> bool:
        """Whether a legacy shop is set."""
        return bool(self._ports.settings.legacy_url.get_secret_value())

    def adapter(self) -> Adapter:
        """Conflict where no legacy shop, or none that is known, is set."""
        if not self.moving:
            raise Conflict(
                "no legacy shop is set (BANYAN_LEGACY_URL, BANYAN_LEGACY_SHOP); begin with "
                "banyan move doctor --source mysql://user:password@host:port/database",
                code="not_moving",
            )
        try:
            return self._known(self._ports.settings.legacy_shop)
        except WrongSettings as wrong:
            raise Conflict(str(wrong), code="not_moving") from None

    def group(self, name: str) -> str:
        """The name of a group of this shop. NotFound for any other."""
        known = self.adapter().groups
        if name not in known:
            raise NotFound(f"there is no group {name}; there are {', '.join(known)}")
        return name

    async def once(self, key: Key | None, act: Act) -> Answer:
        """Do it, or give the answer that was given for this key. What is refused may be tried again with the same key."""
        return await self._to_the_end(self._once(key, act))

    async def once_with(self, key: Key | None, act: Callable[[Mover], Awaitable[Answer]]) -> Answer:
        """The same for what needs the mover."""

        async def with_mover() -> Answer:
            async with self._mover() as mover:
                return await act(mover)

        return await self.once(key, with_mover)

    async def _once(self, key: Key | None, act: Act) -> Answer:
        db = self._ports.db
        if key is not None:
            async with db.transaction() as tx:
                if kept := await idempotency.begin(tx, key, running_seconds=RUNNING):
                    return kept
        try:
            answer = await _telling(act)
        except Refusal:
            if key is not None:
                async with db.transaction() as tx:
                    await idempotency.release(tx, key)
            raise
        if key is not None:
            async with db.transaction() as tx:
                await idempotency.keep(tx, key, answer)
        return answer

    async def verify(self, mover: Mover, group: str, *, repair: bool, who: str) -> None:
        """Begin to compare the whole of a group. Conflict while that is under way here, or the group is not copied."""
        found = await _state(mover, group)
        if found not in _FOLLOWED:
            raise Conflict(
                f"{group} is {found.replace('_', ' ')}, not copied yet: banyan move copy {group}", code="state"
            )
        if group in self.verifying:
            raise Conflict(f"{group} is being verified: {self.verifying[group]} rows so far", code="under_way")
        self.verifying[group] = 0
        self._begin(self._verify(group, repair=repair, who=who))

    async def rehearse(self, mover: Mover, group: str, *, rounds: int, max_pause: float, who: str) -> None:
        """Begin to rehearse a group. Conflict while a rehearsal is under way here, or the group is not prepared."""
        await gates.group_named(await ground_of(mover), group)
        if self.rehearsing:
            raise Conflict(f"{', '.join(self.rehearsing)} is being rehearsed: one at a time", code="under_way")
        self.rehearsing.add(group)
        self._begin(self._rehearse(group, rounds=rounds, max_pause=max_pause, who=who))

    async def _rehearse(self, group: str, *, rounds: int, max_pause: float, who: str) -> None:
        deadlines.forget()
        try:
            why = await self._command(self._ports.settings, group, rounds, max_pause, who)
            if why:
                async with self._ports.db.transaction() as tx:
                    await log.add(tx, "rehearsal ended early", group=group, who=who, why=why[:500])
        finally:
            self.rehearsing.discard(group)

    async def _verify(self, group: str, *, repair: bool, who: str) -> None:
        def progress(done: int) -> None:
            self.verifying[group] = done

        deadlines.forget()
        try:
            async with self._mover() as mover:
                await Verifier(mover).whole(group, repair=repair, who=who, progress=progress)
        except Exception as error:
            why = error.detail if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
            _log.warning("a verification ended early", extra={"group": group, "why": why[:300]})
            async with self._ports.db.transaction() as tx:
                await log.add(tx, "verification ended early", group=group, who=who, why=why[:500])
        finally:
            del self.verifying[group]

    @asynccontextmanager
    async def _mover(self) -> AsyncIterator[Mover]:
        """The mover, for one act; somebody else works."""
        adapter = self.adapter()
        mover = await Mover.open(self._ports, adapter)
        try:
            yield mover
        finally:
            await mover.source.close()

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """What changes hands may not be left half done because somebody stopped waiting."""

        async def alone() -> T:
            deadlines.forget()
            return await work

        return await asyncio.shield(self._begin(alone()))

    def _begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work, name="move act")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Refusal):
            _log.error("an act failed", exc_info=error)


async def _telling(act: Act) -> Answer:
    try:
        return await act()
    except SqlError as error:
        raise Conflict(f"the legacy database refuses: {error.message}", code="source_refuses") from None


def answer(said: Any, status: int = 200) -> Answer:
    """What a capability said, as it is kept for its key."""
    return Answer(status, to_json(said if isinstance(said, dict) else said.as_json()))


def by(who: Principal, named: str | None) -> str:
    """Who acts, for the log: the name that was given, and always the account."""
    account = who.signed_in()
    return f"{named} ({account})" if named else account


async def _state(mover: Mover, group: str) -> str:
    row = await groups.one(mover.ports.db, group)
    return "not prepared" if row is None else row.state
