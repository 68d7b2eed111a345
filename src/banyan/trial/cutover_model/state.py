"""What the model remembers: two databases, the log between them, two gateways, one durable row, and who may crash.

Two keys; every write has a number of its own as its value, so that a lost or repeated one shows. What the real parts do
in many small steps and cannot be seen from outside is one step here.
"""

from dataclasses import dataclass
from typing import NamedTuple

LEGACY, NEW = 0, 1
IDLE, BACK, OPENED = 0, 14, 15  # steps beside C1 … C13; a revert's are 20 higher
REVERT = 20

Pair = tuple[int, int]
Changes = tuple[tuple[int, int], ...]  # (key, value), of one transaction


class Entry(NamedTuple):
    """A transaction in the legacy database's log; `tagged`: the way back wrote it."""

    changes: Changes
    tagged: bool


class Flight(NamedTuple):
    """A write on its way from a gateway. `sure`: it was sent under a lease that has held ever since."""

    side: int
    key: int
    value: int
    sure: bool


class Gateway(NamedTuple):
    """What one gateway worker knows. Without its lease it goes on by what it last heard.

    `attempt` is the change it last heard of, `told` the one under which it reported none of its writes in flight.
    """

    owner: int
    holds: bool
    attempt: int
    told: int
    leased: bool
    flight: Flight | None


class Stale(NamedTuple):
    """What a process that was taken for dead still may do when it wakes up."""

    what: str  # fence, commit, write
    attempt: int
    key: int = 0
    value: int = 0


class Left(NamedTuple):
    """How often the world may still do each of these."""

    attempts: int
    writes: int
    bypasses: int
    crashes: int
    repeats: int
    lapses: int
    delays: int


class State(NamedTuple):
    """One state of everything."""

    # the durable row
    owner: int
    epoch: int
    step: int
    holding: bool
    at: int  # P, or on a revert the last of our facts
    goes_back: int  # how many facts the way back has taken; -1: there is none
    attempt: int
    late: bool  # the deadline has passed
    # the legacy database
    closed: bool
    locked: bool
    open_tx: Changes
    log: tuple[Entry, ...]
    legacy: Pair
    token: int  # which way back may write
    # our side
    applied: int
    half: Changes
    new: Pair
    seen: Pair  # by key: the place in the log that its value came from
    tenure: Pair  # (owner, epoch)
    facts: tuple[int, ...]  # keys that changed
    sent: int  # of them on the bus
    picked: tuple[int, int] | None  # what the way back is about to write: (key, value)
    # who asks, who drives
    gateways: tuple[Gateway, Gateway]
    up: bool
    stale: Stale | None
    letter: Pair | None  # a tenure that is still on its way: (owner, epoch)
    # what only the judge knows
    truth: Pair
    value: int
    left: Left
    wrong: str


@dataclass(frozen=True, slots=True)
class Bound:
    """How much may happen in one history, and how many states are looked at before the search gives up."""

    attempts: int = 2
    writes: int = 2
    bypasses: int = 1
    crashes: int = 1
    repeats: int = 0
    lapses: int = 0
    delays: int = 0
    states: int = 2_000_000

    def left(self) -> Left:
        return Left(self.attempts, self.writes, self.bypasses, self.crashes, self.repeats, self.lapses, self.delays)


SMALL = Bound(attempts=2, writes=1, bypasses=0, crashes=1, lapses=1)
"""Some seconds: for the suite."""
LARGE = Bound(attempts=2, writes=2, bypasses=1, crashes=1, repeats=1, lapses=1, delays=1)
"""Minutes: for the trial."""


def beginning(bound: Bound) -> State:
    """The legacy shop owns the group, everything is in step, and nothing is under way."""
    gateway = Gateway(LEGACY, False, 0, 0, True, None)
    return State(
        owner=LEGACY,
        epoch=1,
        step=IDLE,
        holding=False,
        at=-1,
        goes_back=-1,
        attempt=0,
        late=False,
        closed=False,
        locked=False,
        open_tx=(),
        log=(),
        legacy=(0, 0),
        token=0,
        applied=0,
        half=(),
        new=(0, 0),
        seen=(0, 0),
        tenure=(LEGACY, 1),
        facts=(),
        sent=0,
        picked=None,
        gateways=(gateway, gateway),
        up=True,
        stale=None,
        letter=None,
        truth=(0, 0),
        value=0,
        left=bound.left(),
        wrong="",
    )


def put(pair: Pair, key: int, value: int) -> Pair:
    return (value, pair[1]) if key == 0 else (pair[0], value)


def put_all(pair: Pair, changes: Changes) -> Pair:
    for key, value in changes:
        pair = put(pair, key, value)
    return pair
