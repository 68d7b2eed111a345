"""What whoever works sees about once a second: where the source's log ends, how much of it is left; and the steps that
groups take by themselves.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unavailable
from banyan.move.legacy import Adapter
from banyan.move.mover.following import Following
from banyan.move.rows import Position
from banyan.move.source import Connection, Source, file_number, log_end, watermark
from banyan.move.storage import checkpoints, due, groups, log
from banyan.move.storage.tables import Mirrors
from banyan.move.throttle import Throttle

EVERY = 0.25  # seconds
SLACK_EVERY = 20.0
NUDGE = 1.0
LOW = 0.25  # of the log's time: below, whoever reads the status is warned
NEAR = 5.0  # seconds: a group whose stream and deliveries are no further behind is in sync


@dataclass(slots=True)
class Looking:
    """Looks, writes down what it sees, and lets groups go on."""

    ports: Ports
    source: Source
    adapter: Adapter
    mirrors: Mirrors
    following: Following
    throttle: Throttle
    _con: Connection | None = None
    _slack: float | None = None
    _slack_at: float = float("-inf")
    _warned: bool = False
    _behind: tuple[int, float] = (0, 0.0)  # where we stood, and since when

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.once()
                await self.ports.clock.sleep(EVERY)
        finally:
            if self._con is not None:
                self._con.wire.break_off()
                self._con = None

    async def once(self) -> None:
        """Look once."""
        try:
            at: int | None = await asyncio.to_thread(self._look)
        except Unavailable:
            at, self._con = None, None
        times = sorted(self.following.times)
        await checkpoints.pulse(
            self.ports.db,
            head_at=at,
            slack=self._slack,
            throttled=self.throttle.reason,
            p50=times[len(times) // 2] * 1000 if times else None,
            p99=times[min(len(times) - 1, len(times) * 99 // 100)] * 1000 if times else None,
        )
        await self._warn()
        await self._step()

    def _look(self) -> int:
        if self._con is None:
            self._con = self.source.connect()
        file, offset = log_end(self._con)
        at = Position(self.following.row.lineage, file_number(file), offset).at
        ours = self.following.checkpoint.at if self.following.checkpoint else 0
        if self._behind[0] != ours:
            self._behind = (ours, monotonic())
        elif ours < at and monotonic() - self._behind[1] > NUDGE:
            watermark.mark(self._con)  # the log may end in what is no transaction; one of ours takes us past it
            self._behind = (ours, monotonic())
        if monotonic() - self._slack_at > SLACK_EVERY:
            self._slack, self._slack_at = self._left(self._con, ours >= at), monotonic()
        return at

    def _left(self, con: Connection, at_end: bool) -> float:
        """How much of the time for which the log is kept is left before what we need next is deleted: 1 all, 0 none."""
        kept = watermark.kept_seconds(con)
        checkpoint = self.following.checkpoint
        if kept is None or at_end or checkpoint is None:
            return 1.0
        since = checkpoint.committed_at or checkpoint.applied_at
        return max(0.0, 1.0 - (self.ports.clock.now() - since).total_seconds() / kept)

    async def _warn(self) -> None:
        low = self._slack is not None and self._slack < LOW
        if low and not self._warned:
            async with self.ports.db.transaction() as tx:
                await log.add(
                    tx, "warning: the source's log is about to be deleted before it is read", slack=self._slack
                )
        self._warned = low

    async def _step(self) -> None:
        """copying → catching_up → in_sync, as the tables, the stream and the deliveries are."""
        known = await groups.read(self.ports.db)
        for name, group in known.items():
            needed = self.mirrors.of_group(name)
            whole = bool(needed) and all(each.state == "live" for each in needed)
            state = group.state
            if state == "copying" and whole:
                await self._go(name, "copying", "catching_up")
                state = "catching_up"
            elif state in ("catching_up", "in_sync") and any(each.state in ("waiting", "copying") for each in needed):
                await self._go(name, state, "copying")
            if state == "catching_up" and whole and await self._caught_up(name):
                await self._go(name, "catching_up", "in_sync")

    async def _caught_up(self, group: str) -> bool:
        stream = await checkpoints.overview(self.ports.db)
        if stream is None or stream["halted"] or stream["lag_seconds"] > NEAR:
            return False
        return not await due.unsettled(self.ports.db, group, older_than=NEAR)

    async def _go(self, group: str, was: str, state: str) -> None:
        async with self.ports.db.transaction() as tx:
            if await groups.step(tx, group, [was], state):
                await log.add(tx, f"group: {state}", group=group)
