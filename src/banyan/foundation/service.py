"""A service is a name, tables, routes, calls, reactions and chores; Ports are what it is given to work with."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter

from banyan.contracts import Call, Event
from banyan.contracts.access import Row
from banyan.foundation import telemetry
from banyan.foundation.db import Db, Tx
from banyan.foundation.gathering import Asked, Gatherings
from banyan.foundation.settings import Settings
from banyan.foundation.wake import Wake
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids

if TYPE_CHECKING:
    from banyan.foundation.auth import Authority
    from banyan.foundation.bus import Bus
    from banyan.foundation.cache import Cache
    from banyan.foundation.egress import Egress
    from banyan.foundation.envelope import Envelope
    from banyan.foundation.keys import Keys
    from banyan.foundation.mail import Mail
    from banyan.foundation.media import Media
    from banyan.foundation.outlets import Announce, Outlet
    from banyan.foundation.peers import Peers
    from banyan.foundation.queue import Queue
    from banyan.foundation.replica import Replica
    from banyan.foundation.search import Search
    from banyan.foundation.sessions import Sessions


Wish = TypeVar("Wish")
Told = TypeVar("Told")


@dataclass(slots=True)
class Ports:
    """The outside world of one service. Tests and the simulator give other ones."""

    settings: Settings
    clock: Clock
    ids: Ids
    db: Db
    bus: "Bus"
    peers: "Peers"
    egress: "Egress"
    authority: "Authority"
    cache: "Cache"
    media: "Media"
    mail: "Mail"
    keys: "Keys"
    search: "Search"
    feed: "Queue | None" = None  # where Service.fed_by names one
    outlets: "Sequence[Outlet]" = ()  # where Service.announces
    sessions: "Sessions | None" = None  # where Service.keeps_sessions; None: in its own database
    replica: "Replica | None" = None
    due: defaultdict[str, Wake] = field(
        default_factory=lambda: defaultdict(Wake)
    )  # by chore: rung when it has work now
    gatherings: Gatherings = field(default_factory=Gatherings)

    @property
    def reads(self) -> "Db | Replica":
        """For what may be a moment old: the replica where there is one. Never for a decision."""
        return self.replica or self.db

    async def together(
        self,
        work: "Callable[[Ports, Sequence[Asked[Wish]]], Awaitable[Sequence[Told | Exception]]]",
        wish: Wish,
    ) -> Told:
        """Have `work` done for this wish, in one round with those that others ask for meanwhile (foundation.gathering)."""
        if self.gatherings.alone:
            (told,) = await work(self, [Asked(wish, telemetry.traceparent())])
            if isinstance(told, Exception):
                raise told
            return told
        answer: Told = await self.gatherings.of(work, lambda: partial(work, self))(wish)
        return answer


CallHandler = Callable[[Ports, Any], Awaitable[Any]]
Reaction = Callable[[Ports, Tx, Any], Awaitable[None]]
Chore = Callable[[Ports], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Together:
    """A reaction to facts that came together, in their order: all those that follow each other in a batch at once."""

    react: Callable[[Ports, Tx, Sequence[Any]], Awaitable[None]]

    @property
    def __name__(self) -> str:
        return getattr(self.react, "__name__", "together")

    async def __call__(self, ports: Ports, tx: Tx, event: Any) -> None:
        await self.react(ports, tx, [event])


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold in one service's database: a query whose rows are the violations."""

    id: str  # as in docs/invariants.md: I5 …
    promise: str
    sql: str


@dataclass(frozen=True, slots=True)
class Follower:
    """Something each process keeps for itself and brings up to date from the bus: an index, a cache.

    `begin` loads it and gives the bus position to follow from (None: from now on); `take` handles a batch, any number
    of times over; `reached` is told the position that was reached; `heard` is called whenever there was no more to take.
    """

    topics: frozenset[str]
    begin: Callable[[Ports], Awaitable[str | None]]
    take: Callable[[Ports, "list[Envelope]"], Awaitable[None]]
    reached: Callable[[Ports, str], Awaitable[None]] | None = None
    heard: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """How one service is put together."""

    name: str
    folder: Path  # its package; schema/ lies there
    routes: Callable[[Ports], APIRouter]
    access: Mapping[str, Row] | None = None  # who may do what: `access.rows(name)`; None for what tests make
    calls: Mapping[type[Call[Any]], CallHandler] = field(default_factory=dict)
    reactions: Mapping[type[Event], Reaction] = field(default_factory=dict)
    chores: Mapping[str, Chore] = field(default_factory=dict)  # each one pass; answers seconds until it wants the next
    followers: Mapping[str, Follower] = field(default_factory=dict)
    invariants: tuple[Invariant, ...] = ()
    outbox: str = "outbox"  # the table the relay reads
    # Whether PostgreSQL plans a statement once and for all values: small ones cost a fifth less so. Not where a plan for
    # one value is bad for another (a category of five products and one of a million), nor for thousands of rows at once.
    plan_once: bool = True
    searches: bool = False  # whether it needs the search port
    fed_by: str = ""  # the setting BANYAN_…_URL of the queue that others fill for it: stock_feed
    keeps_sessions: bool = False
    seals: bool = False  # whether it seals personal data with keys of their subjects (foundation.subjects)
    announces: "Announce | None" = None  # what third parties hear of its facts (BANYAN_OUTLETS)
