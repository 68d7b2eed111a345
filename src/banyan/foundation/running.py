"""Services at work in a process: their ports opened, their loops kept going, and all of it stopped in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from banyan.foundation import choose, deadlines, idempotency, inbox, migrate, outbox, subjects, telemetry
from banyan.foundation.auth import Authority
from banyan.foundation.db import Db
from banyan.foundation.egress import Egress
from banyan.foundation.identity.channel import Channel
from banyan.foundation.inbox import Inbox
from banyan.foundation.peers import Local, Peers
from banyan.foundation.replica import Replica
from banyan.foundation.service import Chore, Follower, Ports, Service, Together
from banyan.foundation.settings import Settings, WrongSettings
from banyan.foundation.web import application
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Moving, Unavailable

if TYPE_CHECKING:
    from banyan.foundation.bus import Bus
    from banyan.foundation.envelope import Envelope
    from banyan.foundation.outlets import Announce, Outlet

_log = logging.getLogger(__name__)
IDLE = 1.0  # seconds between looks when nobody rings
FAILED = 2.0  # seconds before a loop that failed looks again
FENCED = 5.0  # … and one whose tables an old shop still owns
HOUSEKEEPING = 600.0
MEASURING = 10.0
QUICK, SLOW = 0.05, 0.25  # seconds between looks for facts of other processes, which do not ring here
GATHER = 0.1  # seconds in which facts gather after some were moved: the first goes at once, those that follow together


@dataclass(slots=True)
class Shop:
    """What the services of one process share, and the services themselves."""

    settings: Settings
    clock: Clock
    ids: Ids
    bus: "Bus"
    peers: Peers
    authority: Authority
    egress: Egress = field(default_factory=Egress)
    ports: dict[str, Ports] = field(default_factory=dict)
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)

    @classmethod
    def over(cls, settings: Settings, bus: "Bus", *, clock: Clock, ids: Ids, caller: str = "shop") -> "Shop":
        from banyan.foundation.settings import APART, FACES, SERVICES

        urls = {name: settings.peer_url(name) for name in (*SERVICES, *APART, *FACES)}
        channel = Channel(settings.identity_dir, caller) if settings.identity == "mtls" else None
        mesh = settings.mesh_prefix if settings.identity == "mesh" else ""
        if settings.identity == "mesh" and not mesh:
            raise WrongSettings(
                "BANYAN_IDENTITY=mesh needs BANYAN_MESH_PREFIX, as spiffe://cluster.local/ns/banyan/sa/"
            )
        secret = settings.peer_secret.get_secret_value()
        peers = Peers(urls, clock=clock, secret=secret, caller=caller, channel=channel, mesh=mesh)
        authority = Authority(peers, issuer=settings.origin, clock=clock)
        return cls(settings, clock, ids, bus, peers, authority)

    async def open(self, service: Service, database_url: str) -> Ports:
        """Bring the service's tables up to date and make it answer within this process."""
        await migrate.upgrade(database_url, service.name, service.folder)
        settings, clock, ids = self.settings, self.clock, self.ids
        connect = partial(Db.connect, clock=clock, ids=ids, size=settings.pool_size, plan_once=service.plan_once)
        ports = Ports(
            settings=settings,
            clock=clock,
            ids=ids,
            db=await connect(database_url),
            bus=self.bus,
            peers=self.peers.of(service.name),
            egress=self.egress,
            authority=self.authority,
            cache=await choose.cache(settings, clock),
            media=await choose.media(settings),
            mail=await choose.mail(settings, clock),
            keys=await choose.keys(settings, clock),
            search=await choose.search(settings) if service.searches else choose.no_search(service.name),
            feed=await choose.queue(service.fed_by, settings, clock) if service.fed_by else None,
            outlets=await choose.outlets(settings) if service.announces else (),
            sessions=await choose.sessions(settings) if service.keeps_sessions else None,
        )
        if service.seals:
            ports.db.subjects = await subjects.of(ports.db, ports.keys, ids)
        if replica := settings.replica_url(service.name):
            try:
                ports.replica = Replica(ports.db, await connect(replica), clock)
            except Unavailable as away:
                _log.warning(
                    "no replica is asked until the next start", extra={"service": service.name, "why": away.detail}
                )
        self.ports[service.name] = ports
        self.peers.add(service.name, Local(ports, service.calls, application(service, ports)))
        return ports

    def work(self, service: Service) -> None:
        """Start what the service does by itself: relay, reactions, chores, followers."""
        ports = self.ports[service.name]
        self._loop(f"{service.name} relay", partial(_relay, ports, service.outbox))
        if service.reactions:
            box = inbox_of(service, ports)
            self._loop(f"{service.name} inbox", partial(_deliver, ports, box))
            self._loop(f"{service.name} retries", partial(_retry, ports, box))
            self._loop(f"{service.name} lag", partial(_measure, ports, box))
        for name, chore in service.chores.items():
            self._loop(f"{service.name} {name}", partial(_chore, ports, name, chore))
        if service.announces is not None:
            for outlet in ports.outlets:
                self._loop(f"outlet {outlet.name}", partial(_announce, ports, service.name, service.announces, outlet))
        self._loop(f"{service.name} housekeeping", partial(_housekeeping, ports))

    async def follow(self, service: Service) -> None:
        """Bring what each process keeps for itself up to date, then keep it so."""
        ports = self.ports[service.name]
        for name, follower in service.followers.items():
            await self.follow_one(f"{service.name} {name}", ports, follower)

    async def follow_one(self, name: str, ports: Ports, follower: Follower) -> None:
        position = await follower.begin(ports)
        if position is None:
            position = await self.bus.follow(follower.topics, None, _nothing)
        self._loop(name, partial(_follow, ports, follower, [position]))

    async def ready(self) -> bool:
        """Whether every service here reaches its own database."""
        return all(await asyncio.gather(*(ports.db.ready() for ports in self.ports.values())))

    async def close(self) -> None:
        """Stop the loops, then let go of everything."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for ports in self.ports.values():
            await ports.gatherings.close()
        for ports in self.ports.values():
            for outlet in ports.outlets:
                await outlet.close()
            for apart in (ports.feed, ports.sessions, ports.replica):
                if apart is not None:
                    await apart.close()
            for port in (ports.cache, ports.media, ports.mail, ports.keys, ports.search, ports.db):
                await port.close()
        await self.peers.close()
        await self.egress.close()
        await self.bus.close()

    def _loop(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(asyncio.create_task(_forever(name, run, self.clock), name=name))


def inbox_of(service: Service, ports: Ports) -> Inbox:
    """The service's consumer: its reactions, bound to its ports."""
    alone = {
        kind: partial(react, ports) for kind, react in service.reactions.items() if not isinstance(react, Together)
    }
    shared = {react: partial(react.react, ports) for react in service.reactions.values() if isinstance(react, Together)}
    many = {kind: shared[react] for kind, react in service.reactions.items() if isinstance(react, Together)}
    return Inbox(ports.db, service.name, alone, ids=ports.ids, many=many)


async def _forever(name: str, run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    deadlines.forget()
    while True:
        try:
            await run()
        except asyncio.CancelledError:
            raise
        except Moving:  # the old shop's to do for now: nothing is wrong
            await clock.sleep(FENCED)
        except Exception as error:
            _log.warning(
                "work failed and goes on", extra={"work": name, "why": f"{type(error).__name__}: {error}"[:300]}
            )
            await clock.sleep(FAILED)


async def _relay(ports: Ports, source: str) -> None:
    """Hold the database's one relay lock and move facts while it is held."""
    async with ports.db.own() as con:
        while not await con.fetchval("SELECT pg_try_advisory_lock(7067)"):
            await ports.clock.sleep(IDLE)
        await outbox.claim(ports.db, ports.bus)
        pause = QUICK
        while not con.is_closed():
            moved = await outbox.relay_once(ports.db, ports.bus, source=source)
            if moved == outbox.BATCH:
                continue
            await ports.clock.sleep(GATHER)
            rung = await ports.db.wake.wait(pause)
            pause = QUICK if rung or moved else min(pause * 2, SLOW)


async def _deliver(ports: Ports, box: Inbox) -> None:
    bell = ports.bus.bell(box.topics)
    while True:
        await ports.bus.deliver(box.consumer, box.topics, box.take)
        await ports.clock.sleep(GATHER)
        await bell.wait(IDLE)


async def _measure(ports: Ports, box: Inbox) -> None:
    await ports.clock.sleep(MEASURING)
    telemetry.LAG.labels(box.consumer).set(await ports.bus.lag(box.consumer, box.topics))


async def _retry(ports: Ports, box: Inbox) -> None:
    if not await box.retry_due():
        await ports.clock.sleep(IDLE)


async def _chore(ports: Ports, name: str, chore: Chore) -> None:
    pause = await chore(ports)
    if pause > 0:
        await ports.due[name].wait(pause)


async def _follow(ports: Ports, follower: Follower, place: list[str]) -> None:
    bell = ports.bus.bell(follower.topics)
    while True:
        reached = await ports.bus.follow(follower.topics, place[0], lambda batch: follower.take(ports, list(batch)))
        if reached != place[0]:
            place[0] = reached
            if follower.reached:
                await follower.reached(ports, reached)
        elif follower.heard:
            follower.heard()
        await ports.clock.sleep(GATHER)
        await bell.wait(IDLE)


async def _announce(ports: Ports, topic: str, announce: "Announce", outlet: "Outlet") -> None:
    """Tell one outlet what third parties may know. While it does not answer, it alone is behind."""
    topics = frozenset({topic})
    bell = ports.bus.bell(topics)

    async def take(batch: "Sequence[Envelope]") -> None:
        notices = [notice for each in batch if (notice := announce(each)) is not None]
        if notices:
            await outlet.send(notices)

    while True:
        await ports.bus.deliver(f"outlet {outlet.name}", topics, take)
        await ports.clock.sleep(GATHER)
        await bell.wait(IDLE)


async def _housekeeping(ports: Ports) -> None:
    await ports.clock.sleep(HOUSEKEEPING)
    while await outbox.forget_old(ports.db):  # a few thousand at a time
        pass
    await inbox.forget_old(ports.db)
    await idempotency.forget_old(ports.db)
    await ports.bus.forget_old()


async def _nothing(_: object) -> None: ...
