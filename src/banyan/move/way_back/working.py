"""The way back at work: facts heard, aggregates written, for as long as our side owns a group."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from banyan.foundation.wake import Wake
from banyan.move.storage import back, groups
from banyan.move.storage.groups import Group
from banyan.move.way_back.carts import EVERY, LAST, all_heard, hear_carts
from banyan.move.way_back.differing import Owned
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.hearing import hear
from banyan.move.way_back.writing import BATCH, Relieved, Writer

IDLE = 0.25  # seconds between looks when nobody rings
GATHER = 0.1  # seconds between two rounds: many facts are heard, and many aggregates written, for the price of one
HURRY = 0.02  # seconds between looks in a revert, which waits for us: nothing is gathered then
_AGAIN = 0.5


@dataclass(slots=True)
class WayBack:
    """One group's way back. `services` are those that own its records, `kinds` what changes hands with it."""

    ground: Ground
    group: str
    services: Sequence[str]
    kinds: frozenset[str]
    owned: Owned
    bell: Wake | None = None
    writer: Writer | None = field(default=None)
    _heard: dict[str, str] = field(default_factory=dict)  # carts that were told of, as they were then
    _carts_at: float = float("-inf")
    _hurry: bool = False  # a revert is under way

    async def run(self) -> None:
        """Until the group's way back ends, or cancelled."""
        self.bell = self.ground.ports.bus.bell(frozenset(self.services))
        try:
            while (done := await self.once()) is not None:
                if self._hurry:
                    await self.bell.wait(HURRY)
                elif done:
                    await self.ground.ports.clock.sleep(GATHER)
                else:
                    await self.bell.wait(IDLE)
        finally:
            if self.writer is not None:
                await self.writer.close()

    async def once(self) -> int | None:
        """Hear and write what there is now; how much that was, None when nothing of this group goes back any more."""
        group = await groups.one(self.ground.ports.db, self.group)
        if group is None or group.way_back_from is None or group.owner != "new":
            return None
        self._hurry = group.state == "reverting"
        done = 0
        try:
            place = group.way_back_from
            while (reached := await hear(self.ground.ports, self.group, place, self.services, self.kinds)) != place:
                place, done = reached, done + 1
            done += await self._carts(group)
            if self.writer is None:
                self.writer = Writer(self.ground, self.group, self.owned)
                await self.writer.take_pen()
            while wrote := await self.writer.once():
                done += wrote
                if wrote < BATCH:
                    break
        except back.Overtaken:
            await self.ground.ports.clock.sleep(_AGAIN)
        except Relieved:
            await self._drop_writer()
            await self.ground.ports.clock.sleep(_AGAIN)
        return done

    async def _carts(self, group: Group) -> int:
        """Ask for carts now and then; in a revert not before all of them are to be asked for, and then once."""
        if "cart" not in self.kinds:
            return 0
        now = self.ground.ports.clock.monotonic()
        if group.state == "reverting":
            wanted = group.step == LAST and not await all_heard(self.ground, self.group, group.epoch)
        else:
            wanted = now - self._carts_at >= EVERY
        if not wanted:
            return 0
        self._carts_at = now
        return await hear_carts(self.ground, group, self._heard)

    async def _drop_writer(self) -> None:
        if self.writer is not None:
            await self.writer.close()
        self.writer = None
