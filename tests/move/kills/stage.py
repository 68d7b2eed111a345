"""A shop of wares whose workers are killed: shoppers write to whoever owns it, and afterwards everything is looked at."""

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from banyan.move.storage import log
from tests.move.cutover.world import GROUP, World
from tests.move.kills.judge import Case, Judge, digest, until
from tests.move.kills.mother import Child, Mother
from tests.move.kills.shoppers import Cron, Till, Write, gone

WRITES = 50
"""By each shopper in each case."""
TILLS, SHOPPERS = 2, 2


@dataclass(slots=True)
class Worker:
    """One that lives, or did: what it told, the last thing last."""

    child: Child
    told: "asyncio.Queue[dict[str, Any]]"
    writer: asyncio.StreamWriter
    finished: list[str] = field(default_factory=list)

    def ask(self, **what: Any) -> None:
        self.writer.write(json.dumps(what).encode() + b"\n")


@dataclass(slots=True)
class Seen:
    """`crossed`, `finished`: moments that passed, in the change and in what finished it; `wrong` stays empty."""

    case: Case
    crossed: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    kills: int = 0
    digest: str = ""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """`urls`: of the databases move, catalog and bus."""

    w: World
    mother: Mother
    legacy: str
    urls: dict[str, str]
    path: Path
    cron: Cron
    tills: list[Till] = field(default_factory=list)
    worker: Worker | None = None
    _leases: "list[asyncio.Task[None]]" = field(default_factory=list)
    _arrived: "asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]" = field(default_factory=asyncio.Queue)
    _server: asyncio.Server | None = None
    _cases: "count[int]" = field(default_factory=lambda: count(1))

    # ---- workers -----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._arrived.put_nowait((reader, writer))

        self._server = await asyncio.start_unix_server(come, self.path)
        self.tills = [Till(self.w, f"w{number}") for number in range(TILLS)]
        self._leases = [asyncio.create_task(till.lease()) for till in self.tills]
        await self.start()

    async def close(self) -> None:
        await self.cron.rest()
        for task in self._leases:
            await gone(task)
        if self._server is not None:
            self._server.close()

    async def start(self, last: str = "") -> Worker:
        """A worker that is at work; it ends at the moment `last` of what it finds to finish."""
        child = await self.mother.child(
            self.legacy, self.urls["move"], self.urls["catalog"], self.urls["bus"], str(self.path), last
        )
        reader, writer = await asyncio.wait_for(self._arrived.get(), 20)
        self.worker = Worker(child, asyncio.Queue(), writer)
        self._leases.append(asyncio.create_task(self._hear(self.worker, reader)))
        return self.worker

    async def _hear(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        while said := await reader.readline():
            told = json.loads(said)
            if "finished" in told:
                worker.finished.append(told["finished"])
            else:
                worker.told.put_nowait(told)
        worker.writer.close()
        worker.told.put_nowait({"gone": True})

    # ---- a case ------------------------------------------------------------------------------------------------------

    async def play(self, case: Case) -> Seen:
        """Shoppers shop while it is done and killed and finished; then everything is looked at."""
        seen = Seen(case)
        await self._begin_with(case.owners[0])
        self.w.errors.clear()
        logged = (await log.newest(self.w.move.db, GROUP, limit=1))[0]["number"]
        number, ledger = next(self._cases), list[Write]()
        self.cron.begin()
        shopping = [
            asyncio.create_task(till.shop(f"{number:04d}.{till.name}{each}", WRITES, ledger))
            for till in self.tills
            for each in range(SHOPPERS)
        ]
        await asyncio.sleep(0.05)
        await self._turn(case, seen)
        await self._at_rest()
        await asyncio.wait_for(asyncio.gather(*shopping), 30)
        await self.cron.rest()
        assert self.worker is not None
        seen.finished = list(self.worker.finished)
        seen.wrong += await Judge(self.w, self.tills, self.cron, case).wrongs(f"{number:04d}", ledger, logged)
        seen.digest = await digest(self.w, f"{number:04d}")
        return seen

    async def _begin_with(self, owner: str) -> None:
        for _ in range(5):
            await self._at_rest()
            row = await self.w.group()
            if row.owner == owner:
                return
            what = "cutover" if owner == "new" else "revert"
            assert self.worker is not None
            self.worker.ask(what=what, last="")
            await self._said(self.worker, "done", [])
        raise AssertionError(f"it does not get to {owner}")

    async def _turn(self, case: Case, seen: Seen) -> None:
        """The change of hands, killed where it is to be, and whoever finishes it too."""
        worker = self.worker
        assert worker is not None
        for _ in range(3):
            worker.ask(what=case.what, last=case.first)
            told = await self._said(worker, "done", seen.crossed)
            if told.get("gone") or (told["done"] and not case.first):
                break
            if told["done"]:
                seen.wrong.append(f"it never came to {case.first}")
                return
            await self._at_rest()
            seen.crossed.clear()  # the machine was too busy: it went back, as it should, before it came there
        if not case.first:
            if not told.get("done"):
                seen.wrong.append(f"it was not done: {told}")
            return
        await self._dead(worker, seen)
        worker = await self.start(case.again)
        if case.again:
            while not await self._rests() and not worker.child.ended.done():
                await asyncio.sleep(0.01)
            await until(lambda: case.again in worker.finished, 1)  # the last come after the row is at rest
            if case.again in worker.finished:
                await self._dead(worker, seen)
                await self.start()
            else:
                seen.wrong.append(f"what finished it never came to {case.again}: {worker.finished}")

    async def _dead(self, worker: Worker, seen: Seen) -> None:
        code = await asyncio.wait_for(asyncio.shield(worker.child.ended), 10)
        seen.kills += 1
        if code != -9:
            seen.wrong.append(f"the worker ended with {code} and was not killed")

    async def _said(self, worker: Worker, what: str, crossed: list[str]) -> dict[str, Any]:
        """What it says at last; the moments it tells of on the way go to `crossed`."""
        while True:
            told = await asyncio.wait_for(worker.told.get(), 60)
            if "crossed" in told:
                crossed.append(told["crossed"])
            elif what in told or "gone" in told:
                return told

    async def _rests(self) -> bool:
        row = await self.w.group()
        return row.step is None and row.attempt is None

    async def _at_rest(self) -> None:
        async with asyncio.timeout(30):
            while not await self._rests():
                await asyncio.sleep(0.02)
