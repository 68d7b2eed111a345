"""Dual write, played: each write that the legacy shop answered is done again with records alone, by our own door, and what
would have come of it is compared with what the legacy shop's log says it did. Nothing of ours is written by it.

What the legacy shop did to one aggregate is the difference between its rows before the request and after the answer, both
found by undoing the log's changes from the mirror. Writes to one aggregate between which no line can be drawn are played one
after the other and judged together.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from banyan.contracts.legacy import CartRecord, Customer
from banyan.foundation.db import Row as DbRow
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.move.delivering.lookups import KeptNames, Lookups
from banyan.move.doors.books import Books
from banyan.move.doors.desk import Desk, Rules, Said, play
from banyan.move.legacy import Ref, Refused, Rows, views
from banyan.move.legacy.opencart import emails
from banyan.move.mover import Mover
from banyan.move.rows import Row, Unreadable, unpack
from banyan.move.shift import played
from banyan.move.shift.dual import HEARD
from banyan.move.storage import dual, identities, log

IDLE = 0.25  # seconds between looks
GRACE = 2.0  # seconds for which writes that differ wait for others to the same aggregate that are yet to be told
SLACK = 5.0  # seconds by which a gateway's clock may differ from ours
HISTORY = timedelta(hours=23)
_REFRESH = 60.0  # seconds for which reference tables are believed
_TIDY = 600.0
_log = logging.getLogger(__name__)


async def beside(mover: Mover) -> None:
    """For `Mover.besides`: until cancelled."""
    await Player(mover).run()


class ReadNames(KeptNames):
    """Names as they are: playing claims none."""

    def claim(self, kind: str, key: str, wishes: Sequence[str]) -> str:
        self.held(kind, key)
        return wishes[0]


class PlayLookups(Lookups):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._names = self.stock.names = ReadNames()


class PastBooks(Books):
    """The mirror as it was: a row that a write has changed or taken away since, as it was before."""

    def __init__(self) -> None:
        super().__init__()
        self.at: int | None = None

    async def row(self, ports: Ports, table: str, *key: str) -> Row | None:
        mirrored = await self._table(ports, table)
        if mirrored is not None and self.at is not None and len(key) == len(mirrored.table.key):
            packed = mirrored.table.key_of(_keyed(mirrored.table, key))
            before = await dual.row_before(ports.db, table, packed, self.at)
            if before is not None:
                return Row(mirrored.table, unpack(before))
        return await super().row(ports, table, *key)


@dataclass(slots=True)
class Case:
    """A write to be judged: whose it is, and which aggregate it may change; none where nobody is signed in."""

    row: DbRow
    whose: str
    ref: Ref | None
    said: Said | None = None
    touched: set[str] = field(default_factory=set)  # fields that our door changed

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def door(self) -> str:
        return str(self.row["door"])


@dataclass(slots=True)
class Verdict:
    """How some writes of one aggregate compare: field → how it differs; `unclear` where that cannot be told."""

    wrong: dict[str, str] = field(default_factory=dict)
    unclear: str = ""
    nothing: bool = False  # the legacy shop changed nothing
    taken: bool = False  # changes since the request began were given to writes that were judged before
    early: bool = False  # a change came in just before the request, as far as clocks agree


class Player:
    """Works off what gateways told of; one at a time, with the mover's lease."""

    def __init__(self, mover: Mover) -> None:
        self._mover = mover
        self._ports = mover.ports
        settings = {"time_zone": self._ports.settings.legacy_time_zone, "http": self._ports.settings.legacy_http}
        self._lookups = PlayLookups(self._ports.db, self._ports.ids, mover.adapter, mover.mirrors, settings)
        self._books = PastBooks()
        self._rules = Rules(self._ports)
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
            await self._lookups.load_references()
            self._read_at = now
        cases = [await self._case(row) for row in rows]
        done = 0
        for case in cases:
            if not case.door:
                done += await self._settle([case], "not_played")
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
            verdict = await self._judge(ref, run)
            if not verdict.wrong and not verdict.unclear:
                done += await self._agree(ref, run, verdict)
                run = []
        if not run:
            return done
        if not verdict.unclear and await self._may_agree_yet(run):
            return done
        return done + await self._disagree(ref, run, verdict)

    async def _may_agree_yet(self, run: Sequence[Case]) -> bool:
        """Whether another write to the same aggregate may be on its way to us whose effect is in the log already."""
        now = self._ports.clock.monotonic()
        since = max([self._odd.setdefault(case.id, now) for case in run])
        last = max(case.row["ended_at"] for case in run)
        return now - since < GRACE or await dual.behind(self._ports.db, last)

    async def _judge(self, ref: Ref | None, cases: Sequence[Case]) -> Verdict:
        try:
            return await self._compare(ref, cases)
        except Unreadable as error:
            return Verdict(unclear=f"its rows cannot be read: {error}")
        except Refusal as refusal:
            return Verdict(unclear=f"it could not be played: {refusal.detail}")

    async def _compare(self, ref: Ref | None, cases: Sequence[Case]) -> Verdict:
        first, until = cases[0].row, max(case.row["until_at"] for case in cases)
        began = first["began_at"] - timedelta(seconds=SLACK)
        if (
            began < self._ports.clock.now() - HISTORY
            or first["mode_since"] is None
            or first["began_at"] < first["mode_since"]
        ):
            return Verdict(unclear="it began when nothing was kept to look back at")
        before, after, early, taken = None, None, False, False
        if ref is not None:
            changes = await dual.changes_of(self._ports.db, ref.kind, ref.key)
            judged = await dual.judged_to(self._ports.db, ref.kind, ref.key)
            taken = any(each["at"] <= judged and each["applied_at"] >= first["began_at"] for each in changes)
            older = [each["at"] for each in changes if each["applied_at"] < began]
            start = self._books.at = max([judged, first["since"], *older])
            early = any(start < each["at"] <= until and each["applied_at"] < first["began_at"] for each in changes)
            before, after = await self._record(ref, start), await self._record(ref, until)
        verdict = await self._play(ref, cases, before, after)
        verdict.early, verdict.taken = early, taken
        return verdict

    async def _play(
        self,
        ref: Ref | None,
        cases: Sequence[Case],
        before: Customer | CartRecord | None,
        after: Customer | CartRecord | None,
    ) -> Verdict:
        taken = cases[0].door == "register" and before is not None
        desk = await self._desk(cases[0], before, taken=taken)
        verdict = Verdict()
        for case in cases:
            was = _held(desk, ref)
            case.said = await play(self._ports, self._books, desk, case.door, case.row["said"])
            if case.row["answer"] == "refused" and case.said.answer == "done":
                _put(desk, ref, was)
            now = _held(desk, ref)
            case.touched = set(
                played.differing(played.fields(was, before), played.fields(now, before), played.fields(was, before))
            )
            if case.row["answer"] != "unknown" and case.said.answer != case.row["answer"]:
                named = f" ({', '.join(case.said.fields)})" if case.said.fields else ""
                verdict.wrong[f"answer:{case.id}"] = (
                    f"ours: {case.said.answer}{named}; the legacy shop: {case.row['answer']}"
                )
        base = played.fields(before, before)
        legacy, ours = played.fields(after, before), played.fields(_held(desk, ref), before)
        verdict.nothing = legacy == base
        refused_here = any(text.startswith("ours: refused") for text in verdict.wrong.values())
        unanswered = verdict.nothing and all(case.row["answer"] == "unknown" for case in cases)
        if (
            not refused_here and not unanswered
        ):  # what ours refuses it does not change: that is said by the answer alone
            verdict.wrong |= played.differing(base, ours, legacy)
        return verdict

    async def _desk(self, case: Case, before: Customer | CartRecord | None, *, taken: bool) -> Desk:
        if case.ref is not None and case.ref.kind == "cart":
            who = None
            if case.whose.startswith("c"):
                who = Customer(id="usr_played", version=0, email="", name="", created_at=case.row["began_at"])
            return Desk(self._rules, who, before if isinstance(before, CartRecord) else None)
        signed_in = before if isinstance(before, Customer) and case.door != "register" else None
        return Desk(self._rules, signed_in, None, taken=taken)

    async def _record(self, ref: Ref, at: int) -> Customer | CartRecord | None:
        """The aggregate as the log had it at a position; None where it was not there."""
        for _ in range(5):
            changes = await dual.changes_of(self._ports.db, ref.kind, ref.key)
            rows = (await self._lookups.rows([ref]))[ref]
            if len(await dual.changes_of(self._ports.db, ref.kind, ref.key)) == len(changes):
                break
        if isinstance(rows, str):
            raise Unreadable(rows)
        then = self._undone(ref, rows, [each for each in changes if each["at"] > at])
        if not any(then.values()):
            return None
        found = await self._lookups.settled(lambda stock: self._mover.adapter.record(ref, then, stock, at))
        if isinstance(found, Refused):
            raise Unreadable(found.why)
        record = found[0] if found else None
        return record if isinstance(record, Customer | CartRecord) else None

    def _undone(self, ref: Ref, rows: Rows, changes: Sequence[DbRow]) -> Rows:
        """The rows without these changes, the last one undone first."""
        found = {name: {row.table.key_of(row.values): row for row in some} for name, some in rows.items()}
        for change in reversed(changes):
            use, table = self._mover.adapter.uses[change["tbl"]], self._mover.tables[change["tbl"]]
            there = found.setdefault(change["tbl"], {})
            there.pop(change["row_key"], None)
            if change["before"] is not None:
                row = Row(table, unpack(change["before"]))
                if views.belongs(use, row, ref.kind, ref.key):
                    there[change["row_key"]] = row
        return {name: list(some.values()) for name, some in found.items()}

    async def _agree(self, ref: Ref | None, cases: Sequence[Case], verdict: Verdict) -> int:
        """Both sides came to the same, or the legacy shop did nothing of what it never answered."""
        undone = verdict.nothing and any(case.touched for case in cases)
        return await self._settle(cases, "not_done" if undone else "equal", ref)

    async def _disagree(self, ref: Ref | None, cases: Sequence[Case], verdict: Verdict) -> int:
        if not verdict.unclear and verdict.taken:
            verdict.unclear = "its changes may have been taken for another write's"
        if not verdict.unclear and ref is not None:
            first, last, slack = cases[0].row, cases[-1].row, SLACK if verdict.early else 0.0
            if await dual.disturbed(self._ports.db, cases[0].whose, first["began_at"], last["ended_at"], slack):
                verdict.unclear = "something that is not played was written for the same shopper meanwhile"
        if verdict.unclear:
            _log.info("a write cannot be compared", extra={"why": verdict.unclear})
            return await self._settle(cases, "unclear", ref)
        by_case = _shared_out(cases, verdict.wrong)
        done = 0
        async with self._ports.db.transaction() as tx:
            for case in cases:
                wrong = by_case[case.id]
                if not await dual.settle(tx, case.id, "different" if wrong else "unclear", case.whose):
                    continue
                done += 1
                for name, how in wrong.items():
                    await self._differ(tx, case, name, how)
            if ref is not None:
                await dual.judged(tx, ref.kind, ref.key, max(case.row["until_at"] for case in cases))
        return done

    async def _differ(self, tx: Any, case: Case, name: str, how: str) -> None:
        group, kind, key = case.row["group_name"], case.ref.kind if case.ref else "", case.ref.key if case.ref else ""
        shown = "a guest's" if kind == "cart" and key.startswith("s") else key  # a session opens an account
        if await dual.differ(tx, group, case.door, name, how, kind=kind, key=shown, request=case.id):
            await log.add(tx, f"dual write: {case.door} differs in {name}", group=group, how=how, request=case.id)

    async def _settle(self, cases: Sequence[Case], fate: str, ref: Ref | None = None) -> int:
        async with self._ports.db.transaction() as tx:
            done = sum([await dual.settle(tx, case.id, fate, case.whose) for case in cases])
            if ref is not None:
                await dual.judged(tx, ref.kind, ref.key, max(case.row["until_at"] for case in cases))
        return done


def _held(desk: Desk, ref: Ref | None) -> Customer | CartRecord | None:
    return desk.cart if ref is not None and ref.kind == "cart" else desk.customer


def _put(desk: Desk, ref: Ref | None, was: Customer | CartRecord | None) -> None:
    """What the legacy shop refused, and ours would have done: said once, and undone before the next is played."""
    if ref is not None and ref.kind == "cart":
        desk.cart = was if isinstance(was, CartRecord) else None
    else:
        desk.customer = was if isinstance(was, Customer) else None


def _shared_out(cases: Sequence[Case], wrong: dict[str, str]) -> dict[str, dict[str, str]]:
    """Each difference with the write it is of: the last whose door changes that field; the last one else."""
    found: dict[str, dict[str, str]] = {case.id: {} for case in cases}
    for name, how in wrong.items():
        plain, _, id = name.partition(":")
        if id:
            found[id][plain] = how
            continue
        case = next((each for each in reversed(cases) if plain in each.touched), cases[-1])
        found[case.id][plain] = how
    return found


def _keyed(table: Any, key: Sequence[str]) -> list[bytes | None]:
    values: list[bytes | None] = [None] * len(table.columns)
    for place, part in zip(table.key_places, key, strict=True):
        values[place] = part.encode()
    return values
