"""The copies that are wanted, one table after another: reference tables first, then group by group, least critical first."""

import asyncio
import logging
from dataclasses import dataclass

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unavailable
from banyan.move.copying import Copy, count
from banyan.move.legacy import Adapter
from banyan.move.mover.following import Following
from banyan.move.rows import Position
from banyan.move.source import Connection, Source, SqlError, head, watermark
from banyan.move.storage.checkpoints import Overtaken
from banyan.move.storage.tables import Mirrored, Mirrors
from banyan.move.throttle import Throttle

AGAIN = 1.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Copies:
    """Copies what is `copying` and not yet full."""

    ports: Ports
    source: Source
    adapter: Adapter
    mirrors: Mirrors
    following: Following
    throttle: Throttle
    _con: Connection | None = None  # to the source, for one table after another
    _marked: int = -1

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._run()
        finally:
            self._hang_up()

    async def _run(self) -> None:
        while True:
            # All are counted before the first chunk of any, so that progress never goes backwards.
            uncounted = [each for each in self.wanted() if each.rows_expected is None]
            each = uncounted[0] if uncounted else self.next()
            if each is None:
                self._hang_up()
                await self.following.changed.wait(AGAIN)
                continue
            try:
                if uncounted:
                    await count(self.ports.db, self.source, each)
                else:
                    await self.copy(each)
            except Overtaken:
                self.following.wanted.ring()  # so that what is known is read anew
                await self.ports.clock.sleep(AGAIN)
            except Unavailable as error:
                _log.warning("the copy waits", extra={"table": each.name, "why": error.detail})
                await self.ports.clock.sleep(AGAIN)
            except SqlError as error:
                await self.following.stand_still(each, f"{each.name} cannot be read: {error.message}")

    def wanted(self) -> list[Mirrored]:
        return [each for each in self.mirrors if each.state == "copying" and each.full_at is None]

    def next(self) -> Mirrored | None:
        order = {name: place for place, name in enumerate(self.adapter.groups)}
        return min(
            self.wanted(),
            key=lambda each: (not each.use.reference, order.get(each.group, len(order)), each.number),
            default=None,
        )

    async def copy(self, each: Mirrored) -> None:
        """One table, from where its copy stands to its end."""
        con = await self._connection()
        if each.copy_from != self._marked:
            # What the log held before the stream's start is visible to SELECT once a commit of ours, made later, returned.
            await asyncio.to_thread(watermark.mark, con)
            self._marked = each.copy_from or 0
        copy = Copy(
            self.ports.db,
            self.ports.ids,
            con,
            each,
            self.throttle.free,
            lambda: self.throttle.chunk_seconds,
            told=self.following.wanted.ring,
        )
        await copy.run()
        await copy.finish(await asyncio.to_thread(end_of_log, con, self.following.row.lineage))
        self.following.wanted.ring()

    async def _connection(self) -> Connection:
        if self._con is None or not self._con.wire.open:
            self._con = await asyncio.to_thread(self.source.connect)
        return self._con

    def _hang_up(self) -> None:
        if self._con is not None:
            self._con.wire.break_off()
            self._con = None


def end_of_log(con: Connection, lineage: int) -> int:
    """Where the log ends, something of ours being the last before."""
    watermark.mark(con)
    now = head(con)
    return Position(lineage, now.number, now.offset).at
