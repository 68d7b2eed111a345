"""The player works off what gateways told of, aggregate by aggregate."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from banyan.foundation.db import Row as DbRow
from banyan.move.legacy import Ref
from banyan.move.legacy.opencart import emails
from banyan.move.mover import Mover
from banyan.move.playing.cases import Case, Verdict
from banyan.move.playing.judging import SLACK, Judge
from banyan.move.playing.past import Past, PastBooks
from banyan.move.playing.settling import agree, disagree, settle
from banyan.move.rows import Row, unpack
from banyan.move.shift.dual import HEARD
from banyan.move.storage import dual, identities

IDLE = 0.25  # seconds between looks
GRACE = 2.0  # seconds for which writes that differ wait for others to the same aggregate that are yet to be told
_REFRESH = 60.0  # seconds for which reference tables are believed
_TIDY = 600.0


async def beside(mover: Mover) -> None:
    """For `Mover.besides`: until cancelled."""
    await Player(mover).run()


class Player:
    """Works off what gateways told of; one at a time, with the mover's lease."""

    def __init__(self, mover: Mover) -> None:
        self._mover = mover
        self._ports = mover.ports
        self._past = Past(mover)
        self._books = PastBooks()
        self._judge = Judge(self._ports, self._past, self._books)
        self._odd: dict[str, float] = {}  # writes that did not agree with the log, and since when
        self._read_at = self._tidied_at = float("-inf")

    async def run(self) -> None:
        while True:
            if not await self.once():
                await self._ports.due[HEARD].wait(IDLE)

    async def once(self) -> int:
        """Judge what can be; how many writes that were."""
        db, now = self._ports.db, self._ports.clock.monotonic()
        if new := await dual.unplaced(db):
            await dual.place(db, new, await self._mover.head())
        rows = await dual.ready(db, 2_000)
        if now - self._tidied_at > _TIDY:
            self._tidied_at = now
            async with db.transaction() as tx:
                await dual.forget(tx)
        if not rows:
            self._odd.clear()
            return 0
        if now - self._read_at > _REFRESH:
            await self._past.refresh()
            self._read_at = now
        cases = [await self._case(row) for row in rows]
        done = 0
        for case in cases:
            if not case.door:
                done += await settle(self._ports, [case], "not_played")
        by_ref: dict[Ref | None, list[Case]] = defaultdict(list)
        for case in cases:
            if case.door:
                by_ref[case.ref].append(case)
        for ref, some in by_ref.items():
            for run in [[case] for case in some] if ref is None else [some]:
                done += await self._aggregate(ref, run)
        return done

    async def _case(self, row: DbRow) -> Case:
        said = row["said"]
        self._books.at = None
        session = await self._books.session(self._ports, said["session"]) if said["session"] else None
        whose = f"c{session.customer}" if session and session.customer else f"s{said['session']}"
        if row["door"] == "register":
            key = await self._signed_up(row)
            return Case(row, f"c{key}" if key else whose, Ref("customer", key) if key else None)
        if row["group_name"] == "users":
            return Case(row, whose, Ref("customer", whose[1:]) if whose.startswith("c") else None)
        return Case(row, whose, Ref("cart", whose) if len(whose) > 1 else None)

    async def _signed_up(self, row: DbRow) -> str:
        """The customer who came with this write; who holds the address else; empty for nobody."""
        wanted = emails.canonical(dict(row["said"]["form"]).get("email", ""))
        table = self._mover.tables.get("customer")
        if wanted is None or table is None:
            return ""
        since = row["began_at"] - timedelta(seconds=SLACK)
        for new in await dual.new_rows(self._ports.db, "customer", "customer", since, row["until_at"]):
            if emails.canonical(Row(table, unpack(new["after"])).text("email")) == wanted:
                return str(new["key"])
        return (await identities.keys(self._ports.db, [("email", wanted)])).get(("email", wanted), "")

    async def _aggregate(self, ref: Ref | None, cases: list[Case]) -> int:
        """Judge the writes to one aggregate: as soon as some agree with the log up to where it ended after them, they are
        settled, and the next ones begin from there."""
        done, run = 0, list[Case]()
        verdict = Verdict()
        for place, case in enumerate(cases):
            run.append(case)
            if place + 1 < len(cases) and cases[place + 1].row["until_at"] == case.row["until_at"]:
                continue
            verdict = await self._judge.judge(ref, run)
            if not verdict.wrong and not verdict.unclear:
                done += await agree(self._ports, ref, run, verdict)
                run = []
        if not run:
            return done
        if not verdict.unclear and await self._may_agree_yet(run):
            return done
        return done + await disagree(self._ports, ref, run, verdict)

    async def _may_agree_yet(self, run: Sequence[Case]) -> bool:
        """Whether another write to the same aggregate may be on its way to us whose effect is in the log already."""
        now = self._ports.clock.monotonic()
        since = max([self._odd.setdefault(case.id, now) for case in run])
        last = max(case.row["ended_at"] for case in run)
        return now - since < GRACE or await dual.behind(self._ports.db, last)
