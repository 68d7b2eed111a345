"""One attempt to change hands: its steps in the group's row, its deadline, and the fence it moves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from banyan.contracts import Call
from banyan.contracts.legacy import TENURE, Held
from banyan.foundation import deadlines
from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.cutover.fence import Fence
from banyan.move.cutover.owned import holdings, services
from banyan.move.cutover.turn import Turn
from banyan.move.source import Connection
from banyan.move.storage import hands, workers
from banyan.move.storage.groups import Group
from banyan.move.way_back.ground import Ground

BELL = "steering"
"""The chore's bell by which gateways hear at once of a change made in this process."""
RELEASED = ("C13", "R13", "gone back")
"""Steps at whose beginning the gateways were told to go on."""
_LOOK = 0.005  # seconds between looks at what the gateways report
_MARGIN, _SHARE = 0.3, 0.3  # of a pause what is kept for letting go again, whichever way: seconds, at most this share
LATE = "writes have waited as long as they may, and not all of it is done"

Crossed = Callable[[str], None]
"""Told at the beginning of each step, where a trial may end the process."""


class Over(Conflict):
    """The attempt's deadline has passed, or somebody else took it up: from here on it only goes back."""

    code = "attempt_over"


@dataclass(slots=True)
class Attempt:
    """`pause`: seconds for which writes may wait at most. What is not committed a margin before that goes back, so that
    going back ends in time, too."""

    ground: Ground
    group: str
    turn: Turn
    pause: float
    crossed: Crossed
    id: str = ""
    epoch: int = 0
    held_at: float | None = None
    released_at: float | None = None
    fence: Fence = field(init=False)
    services: tuple[str, ...] = ()
    waits_for: str = ""  # told when the time is over meanwhile
    _began: float = 0.0
    _con: Connection | None = None
    timer: asyncio.Timeout | None = None  # ends what is awaited once writes are held; `drive` sets it up

    def __post_init__(self) -> None:
        self.id = self.ground.ports.ids.new("att")
        self.fence = fence_of(self.ground, self.group)
        self.services = services(self.ground.adapter, self.group)
        self._began = self.now

    @property
    def now(self) -> float:
        return self.ground.ports.clock.monotonic()

    @property
    def con(self) -> Connection:
        """A connection to ask the legacy database by, open before anybody waits."""
        assert self._con is not None
        return self._con

    async def prepare(self) -> None:
        """Take the fence into our hand and see that it stands; the part that may take its time."""
        self._con = await asyncio.to_thread(self.ground.source.connect, lock_wait_timeout=1)
        await self.fence.take_hand()
        await self.fence.stand()

    async def let_go(self) -> None:
        """Whatever it holds in the legacy database it holds no more."""
        con, self._con = self._con, None
        if con is not None:
            await asyncio.to_thread(con.close)
        await self.fence.drop_hand()

    @property
    def budget(self) -> float:
        """Seconds from the hold to the commit."""
        return self.pause - min(_MARGIN, _SHARE * self.pause)

    @property
    def left(self) -> float:
        """Seconds until it has to be committed. Over when none are left."""
        assert self.held_at is not None
        left = self.held_at + self.budget - self.now
        if left <= 0:
            raise Over(self.late)
        return left

    @property
    def late(self) -> str:
        """That the time is over, and what was waited for."""
        return f"{LATE}: {self.waits_for}" if self.waits_for else LATE

    def at(self, step: str) -> None:
        self.turn.steps.append((step, self.now - self._began))
        if step in RELEASED:
            self.released_at = self.now
        self.crossed(step)

    async def step(self, step: str, **also: object) -> None:
        """Write a step down, with what belongs to it."""
        self.at(step)
        if not await hands.step(self.ground.ports.db, self.group, self.id, step, **also):
            raise Over("its deadline passed, and it was given up")

    async def hold(self, step: str) -> None:
        """Let the gateways hold new writes, and wait until none is in flight at any that has a lease."""
        self.at(step)
        db, began = self.ground.ports.db, self.now
        epoch = await hands.hold(db, self.group, self.id, step, self.budget)
        if epoch is None:
            raise Over("it was given up before the gateways held")
        self.held_at, self.epoch = began, epoch
        if self.timer is not None:
            self.timer.reschedule(asyncio.get_running_loop().time() + self.left)
        self.ground.ports.due[BELL].ring()
        while missing := await workers.not_holding(db, self.group, epoch):
            names = ", ".join(each.id for each in missing[:5])
            self.waits_for = f"gateway workers did not report that they hold: {names}"
            if self.now - self.held_at > self.budget - 2 * _LOOK:
                raise Over(self.waits_for)
            await self.ground.ports.clock.sleep(_LOOK)
        self.waits_for = ""

    async def rise(self, step: str) -> int:
        """Write a step down with an epoch of its own."""
        self.at(step)
        epoch = await hands.rise(self.ground.ports.db, self.group, self.id, step)
        if epoch is None:
            raise Over("its deadline passed, and it was given up")
        self.epoch = epoch
        return epoch

    async def tenure(self, owner: str | None, epoch: int, seconds: float) -> list[Held]:
        """Tell the services who may write."""
        return await set_tenure(self.ground, self.group, owner, epoch, seconds)


def fence_of(ground: Ground, group: str) -> Fence:
    return Fence(ground.source, group, holdings(ground.adapter, ground.tables, group), ground.row.pass_)


async def set_tenure(ground: Ground, group: str, owner: str | None, epoch: int, seconds: float) -> list[Held]:
    """Tell every service of a group who may write, all at once. Unavailable when one does not answer in time: it may have
    heard, as may the others."""
    calls: list[Call[Held]] = [
        TENURE[service](group=group, owner=owner, epoch=epoch)  # type: ignore[misc]
        for service in services(ground.adapter, group)
    ]
    async with deadlines.within(seconds):
        told = await asyncio.gather(*map(ground.ports.peers.ask, calls), return_exceptions=True)
    for each in told:
        if isinstance(each, BaseException):
            raise each
    return [each for each in told if isinstance(each, Held)]


def words(error: BaseException) -> str:
    if isinstance(error, Refusal):
        return error.detail
    return str(error) or type(error).__name__


def changed_meanwhile(group: Group) -> Conflict:
    return Conflict(
        f"{group.name} is {group.state}, step {group.step}: somebody else is changing its owner",
        code="under_way",
    )
