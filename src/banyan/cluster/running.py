"""A cluster at work: engines first, then the parts; watched, begun again where something ends, and ended in order."""

import asyncio
import json
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from banyan import topology
from banyan.cluster.engines.haproxy import HaProxy
from banyan.cluster.engines.kafka import Kafka
from banyan.cluster.engines.opensearch import OpenSearch
from banyan.cluster.engines.postgres import Postgres
from banyan.cluster.engines.program import DidNotStart, Program
from banyan.cluster.engines.redis import Redis
from banyan.cluster.layout import Layout, Part
from banyan.foundation import databases
from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import Clock

_LOOK = 0.25  # seconds between two looks at what runs
_READY = 180.0  # seconds a part may take to its first answer
_STEADY = 20.0  # seconds after which a part that ends has not failed to start
_LONGEST_PAUSE = 8.0  # seconds before a part that failed to start is begun again
_AT_ONCE = 3  # parts started together: each is busy with its imports first
_log = logging.getLogger(__name__)
Told = Callable[[str], None]


@dataclass(slots=True)
class Cluster:
    """`told` hears what is started, has ended, and is begun again."""

    layout: Layout
    clock: Clock
    told: Told = lambda _: None
    postgres: Postgres = field(init=False)
    kafka: Kafka = field(init=False)
    redis: Redis = field(init=False)
    opensearch: OpenSearch = field(init=False)
    haproxy: HaProxy = field(init=False)
    programs: dict[str, Program] = field(default_factory=dict)  # parts, by label
    env: dict[str, str] = field(default_factory=dict)
    ending: bool = False
    _begun: dict[str, tuple[float, int]] = field(default_factory=dict)  # by label: when, and how often in vain
    _starting: "asyncio.Future[list[BaseException | None]] | None" = None
    _watching: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        folder, layout = self.layout.folder, self.layout
        self.postgres = Postgres(folder / "postgres", layout.secret("postgres"))
        self.kafka = Kafka(folder / "kafka")
        self.redis = Redis(folder / "redis")
        self.opensearch = OpenSearch(folder / "opensearch")
        copies = {name: layout.ports_of(name) for name in layout.shared}
        self.haproxy = HaProxy(folder / "haproxy", layout.host, layout.shared, copies)

    @property
    def data(self) -> Path:
        """The folder of what the parts keep in files."""
        return self.layout.folder / "data"

    async def start(self, **more: str) -> None:
        """Everything, until the door answers; `more` settings for every part.

        NotHere names an engine this machine has not; DidNotStart says who failed.
        """
        engines: dict[str, Postgres | Kafka | Redis | OpenSearch] = {
            "postgres": self.postgres,
            "kafka": self.kafka,
            "redis": self.redis,
            "opensearch": self.opensearch,
        }
        self.told("engines: " + ", ".join((*engines, "haproxy")))
        await self._start_engines(engines.values())
        names = (*topology.SERVICES, *(name for name in topology.APART if name in self.layout.shared), "bus")
        urls = await databases.ensure(self.postgres.url, names)
        urls.pop("bus")
        ports = {"bus": self.kafka.url("banyan"), "cache": self.redis.url, "search": self.opensearch.url("banyan")}
        replica = {"catalog_replica_url": self.postgres.replica_url(urls["catalog"])}
        self.env = self.layout.told(urls, ports, replica | more)
        self.data.mkdir(exist_ok=True)
        self._write_settings()
        await asyncio.to_thread(self.haproxy.start)
        # The first copy of a service makes its tables; the others find them.
        for first in (True, False):
            await self._start_all(part for part in self.layout.parts if (part.number == 1) is first)
        self._watching = asyncio.create_task(self._watch())
        self.note()

    async def _start_engines(self, engines: Iterable[Postgres | Kafka | Redis | OpenSearch]) -> None:
        """All at once; what fails is told when the others have started too, so that there is nothing `stop` does not know."""
        threads = (asyncio.to_thread(engine.start) for engine in engines)
        self._starting = asyncio.gather(*threads, return_exceptions=True)
        for failed in await asyncio.shield(self._starting):
            if isinstance(failed, BaseException):
                raise failed

    async def stop(self) -> None:
        """The door first, then the parts, all together, then the engines."""
        self.ending = True
        if self._starting is not None:
            await self._starting
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await asyncio.to_thread(self.haproxy.stop)
        await asyncio.gather(*(asyncio.to_thread(program.stop) for program in self.programs.values()))
        for engine in (self.kafka, self.opensearch, self.redis, self.postgres):
            await asyncio.to_thread(engine.stop)

    async def is_whole(self) -> bool:
        """Whether every program runs, every part answers, and commits wait for a standby."""
        engines = (self.kafka, self.redis, self.opensearch, self.haproxy)
        programs = [*self.programs.values(), *(engine.program for engine in engines), *self.postgres.servers.values()]
        if not all(program.runs for program in programs):
            return False
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
            answers = await asyncio.gather(*(_answers(http, part.port) for part in self.layout.parts))
        return all(answers) and await asyncio.to_thread(self.postgres.is_synchronous)

    def more(self, name: str) -> Part:
        """Another copy, which works for its service and is asked by nobody."""
        part = Part(name, 1 + sum(label.startswith(f"{name}-") for label in self.programs), free_port())
        self.begin(part)
        return part

    def less(self, part: Part, *, kill: bool = False) -> None:
        """End a copy that `more` has begun."""
        self.programs.pop(part.label).stop(kill=kill)

    async def until_ready(self, part: Part) -> None:
        """DidNotStart when it ends, or takes too long to answer."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
            await self._until_ready(http, part)

    def _write_settings(self) -> None:
        """For a shell: `. cluster.env`. It has secrets, and is its owner's alone."""
        file = self.layout.folder / "cluster.env"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
            new.writelines(f"{name}={shlex.quote(value)}\n" for name, value in sorted(self.env.items()))

    def begin(self, part: Part) -> None:
        """Start a part without waiting for it."""
        program = self.programs.get(part.label) or Program(part.label, self.layout.folder / "parts", part.port)
        program.env = self.env
        self.programs[part.label] = program
        program.begin([sys.executable, "-m", "banyan.cli", "serve", part.name, "--port", str(part.port)])

    def note(self) -> None:
        """Write down who runs where, for those who look from outside."""
        parts = {
            part.label: {"port": part.port, "pid": program.process.pid}
            for part in self.layout.parts
            if (program := self.programs.get(part.label)) is not None and program.process is not None
        }
        engines = {
            "postgres": {"primary": self.postgres.primary, "ports": list(self.postgres.ports)},
            "kafka": {"port": self.kafka.port},
            "redis": {"port": self.redis.port},
            "opensearch": {"port": self.opensearch.port},
            "haproxy": {"port": self.layout.port, "config": str(self.haproxy.config)},
        }
        found: dict[str, Any] = {"origin": self.layout.origin, "engines": engines, "parts": parts}
        file = self.layout.folder / "cluster.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps(found, indent=2) + "\n")
        new.replace(file)

    async def _start_all(self, parts: Iterable[Part]) -> None:
        places = asyncio.Semaphore(_AT_ONCE)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:

            async def one(part: Part) -> None:
                async with places:
                    self.begin(part)
                    await self._until_ready(http, part)
                    self.told(f"{part.label} at port {part.port}")

            await asyncio.gather(*map(one, parts))

    async def _until_ready(self, http: aiohttp.ClientSession, part: Part) -> None:
        program, until = self.programs[part.label], self.clock.monotonic() + _READY
        while not await _answers(http, part.port):
            if not program.runs or self.clock.monotonic() > until:
                raise DidNotStart(f"{part.label} did not start:\n{program.last_words(2000)}")
            await self.clock.sleep(0.05)

    async def _watch(self) -> None:
        """Whatever ends is begun again; where the primary database ends, its standby takes over."""
        while not self.ending:
            await self.clock.sleep(_LOOK)
            try:
                await self._look()
            except Exception as error:
                _log.error("could not be begun again", extra={"why": f"{type(error).__name__}: {error}"[:500]})

    async def _look(self) -> None:
        await self._look_at_the_databases()
        engines: dict[str, Kafka | Redis | OpenSearch | HaProxy] = {
            "kafka": self.kafka,
            "redis": self.redis,
            "opensearch": self.opensearch,
            "haproxy": self.haproxy,
        }
        for name, engine in engines.items():
            if not engine.program.runs:
                self.told(f"{name} has ended and is begun again")
                await asyncio.to_thread(engine.start)
        now = self.clock.monotonic()
        for part in self.layout.parts:
            last, failed = self._begun.get(part.label, (-_STEADY, 0))
            if self.programs[part.label].runs or now < last + min(_LONGEST_PAUSE, failed):
                continue
            failed = failed + 1 if now < last + _STEADY else 0
            self._begun[part.label] = (now, failed)
            self.told(f"{part.label} has ended and is begun again")
            self.begin(part)
            self.note()

    async def _look_at_the_databases(self) -> None:
        servers, postgres = self.postgres.servers, self.postgres
        if not servers[postgres.primary].runs:
            self.told(f"the primary database has ended: {postgres.standby} takes over")
            await asyncio.to_thread(postgres.promote)
            self.note()
        if not servers[postgres.standby].runs:
            await asyncio.to_thread(postgres.alone)
            self.told("a standby is copied from the primary")
            await asyncio.to_thread(postgres.follow)


async def _answers(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
