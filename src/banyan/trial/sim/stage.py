"""The stage of simulated runs: databases made once, emptied between runs, and the ports that a run is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from banyan import topology
from banyan.catalog import importing
from banyan.contracts.users import PERMISSIONS
from banyan.foundation import outbox
from banyan.foundation.auth import Authority, Principal
from banyan.foundation.gathering import Gatherings
from banyan.foundation.inbox import Inbox
from banyan.foundation.peers import Local
from banyan.foundation.pool import Pool
from banyan.foundation.running import Shop, inbox_of
from banyan.foundation.service import Chore, Ports, Service
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds, SystemIds
from banyan.kernel.refusals import Refusal
from banyan.trial.sim.faults import Plan
from banyan.trial.sim.ports import SimBus, SimClock, SimDb, SimPeers
from banyan.trial.sim.turnstile import Turnstile

LOOK = 5.0  # virtual seconds between looks of somebody idle
CAST = ("catalog", "inventory", "orders", "payments", "testbank")
SKUS = ("SIM-ONE", "SIM-TWO", "SIM-THREE")
PRICES = (1999, 4950, 120)

_COMMON = frozenset({"outbox", "inbox", "stuck", "idempotency"})  # the catalogue itself stays as it is
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_step' ORDER BY 1"""


class Staff(Authority):
    """Believes `Bearer operator`; everybody else as ever."""

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        if authorization == "Bearer operator":
            return Principal("usr_operator", None, PERMISSIONS)
        return await super().principal(authorization, cart_cookie)


@dataclass(slots=True)
class Stage:
    """Services over databases that runs use one after another."""

    settings: Settings
    services: dict[str, Service]
    pools: dict[str, Pool]
    ports: dict[str, Ports]
    apps: dict[str, Any]
    changing: dict[str, list[str]] = field(default_factory=dict)  # by service: the tables that runs fill
    secrets: dict[str, list[str]] = field(default_factory=dict)  # … and its secrets that opening made; runs make others

    @classmethod
    async def open(cls, settings: Settings, urls: Mapping[str, str]) -> "Stage":
        """Make the tables, put three products into the catalogue, and note which tables are still empty."""
        clock = SystemClock()
        ids = SystemIds(clock)
        shop = Shop.over(settings, SimBus(None, None), clock=clock, ids=ids)  # type: ignore[arg-type]
        services = {name: topology.service(name) for name in CAST}
        for name, service in services.items():
            await shop.open(service, urls[name])
        await importing.import_rows(
            shop.ports["catalog"], [_row(sku, price) for sku, price in zip(SKUS, PRICES, strict=True)]
        )
        apps = {name: local.app for name in CAST if (local := shop.peers.local(name))}
        stage = cls(settings, services, {}, shop.ports, apps)
        for name, ports in shop.ports.items():
            stage.pools[name] = ports.db._pool
            names = [row["relname"] for row in await ports.db.fetch(_TABLES)]
            counts = {each: await ports.db.fetchval(f'SELECT EXISTS (SELECT FROM "{each}")') for each in names}
            stage.changing[name] = [
                each for each, filled in counts.items() if each in _COMMON or (not filled and name != "catalog")
            ]
            if counts.get("sealed_secret"):
                stage.secrets[name] = [row["name"] for row in await ports.db.fetch("SELECT name FROM sealed_secret")]
        return stage

    def begin(self, seed: int) -> "Game":
        """A new run: its clock, chances and faults, given to every service through its ports."""
        clock = SimClock()
        chance = SeededIds(clock, seed)
        plan = Plan.by_seed(SeededIds(clock, seed ^ 0xFA17))
        turnstile = Turnstile(clock, chance, plan.at_point)
        clock.turnstile = turnstile
        peers = SimPeers({}, clock=clock, secret="simulated", caller="sim")
        peers.turnstile, peers.plan = turnstile, plan
        bus = SimBus(turnstile, plan)
        ids = SeededIds(clock, seed ^ 0x1D5)
        staff = Staff(peers, issuer=self.settings.origin, clock=clock)
        for name, ports in self.ports.items():
            db = SimDb(self.pools[name], clock=clock, ids=ids)
            db.turnstile, db.subjects = turnstile, ports.db.subjects
            ports.clock, ports.ids, ports.db, ports.bus, ports.peers, ports.authority = (
                clock,
                ids,
                db,
                bus,
                peers,
                staff,
            )
            ports.due.clear()
            ports.gatherings = Gatherings(alone=True)
            peers.add(name, Local(ports, self.services[name].calls, self.apps[name]))
        return Game(self, turnstile, plan, bus)

    async def clear(self) -> None:
        """Empty what runs fill. Append-only tables have triggers against it, which rest meanwhile."""
        for name, tables in self.changing.items():
            async with self.pools[name].plain.acquire() as con, con.transaction():
                for table in tables:
                    await con.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
                listed = ", ".join(f'"{table}"' for table in tables)
                await con.execute(f"TRUNCATE {listed} RESTART IDENTITY")
                for table in tables:
                    await con.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
        for name, made in self.secrets.items():  # what else is there was made by a run, and the next makes it anew
            await self.pools[name].plain.execute("DELETE FROM sealed_secret WHERE name <> ALL($1)", made)

    async def close(self) -> None:
        for pool in self.pools.values():
            await pool.close()


def _row(sku: str, price: int) -> dict[str, object]:
    return {"sku": sku, "name": f"Thing {sku}", "price": {"amount": price, "currency": "EUR"}, "categories": ["Things"]}


@dataclass(slots=True)
class Game:
    """One run in progress."""

    stage: Stage
    turnstile: Turnstile
    plan: Plan
    bus: SimBus

    @property
    def orders_app(self) -> Any:
        return self.stage.apps["orders"]

    def staff(self) -> None:
        """Start what the process does by itself; again after each crash."""
        for name, service in self.stage.services.items():
            if name == "catalog":
                continue  # it is asked for prices; what it does by itself would carry over from run to run
            ports = self.stage.ports[name]
            self.turnstile.spawn(f"{name} relay", self._relay(ports, service.outbox))
            if service.reactions:
                box = inbox_of(service, ports)
                self.bus.join(box.consumer, box.topics)
                self.turnstile.spawn(f"{name} inbox", self._deliver(box))
                self.turnstile.spawn(f"{name} retries", self._again(box.retry_due))
            for chore, work in service.chores.items():
                self.turnstile.spawn(f"{name} {chore}", self._chore(ports, chore, work))

    async def _relay(self, ports: Ports, source: str) -> None:
        while True:
            if not await outbox.relay_once(ports.db, self.bus, source=source):
                await self.turnstile.sleep(LOOK, ports.db.wake)

    async def _deliver(self, box: Inbox) -> None:
        bell = self.bus.bell_of(box.consumer)
        while True:
            if not await self.bus.deliver(box.consumer, box.topics, box.take):
                await self.turnstile.sleep(LOOK, bell)

    async def _again(self, work: Callable[[], Awaitable[int]]) -> None:
        while True:
            if not await work():
                await self.turnstile.sleep(LOOK)

    async def _chore(self, ports: Ports, name: str, work: Chore) -> None:
        while True:
            try:
                pause = await work(ports)
            except Refusal:
                pause = 2.0
            if pause > 0:  # nobody promised that a chore runs as often as it would like
                await self.turnstile.sleep(max(pause, LOOK), ports.due[name])
