"""Delivery: aggregates that changed, made into records from the mirror and offered to their services until they are taken.

What the mirror held when a record was made is at least as new as the record's version, and what changed since stays due;
so whatever is offered twice, late or out of order, the last word is the newest.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from banyan.contracts import Call
from banyan.contracts.legacy import KINDS, TAKE, Fate, Fates, Outcome, Record
from banyan.foundation.service import Ports
from banyan.foundation.wake import Wake
from banyan.kernel.refusals import DeadlinePassed, Refusal, TooMany, Unavailable
from banyan.move.delivering.lookups import PREFIX, Lookups, Missed
from banyan.move.legacy import Adapter, Ref, Refused, Rows
from banyan.move.rows import Unreadable
from banyan.move.storage import checkpoints, due, quarantine, tables
from banyan.move.storage.due import Tally
from banyan.move.storage.tables import Mirrors

ORDER = ("category", "brand", "product", "stock", "customer", "order", "cart")
NAMING = ("category", "brand", "product", "stock")  # told whole before the others get a turn
NAMED_BY_STOCK = (
    "order",
    "cart",
)  # … and these wait for it: what they speak of has its SKU only once stock was made of it
BATCH = 200  # records in a call
LONGEST_RUN = 100  # batches of one kind, then others get a turn
CALL_BYTES = 600_000  # of a call's body, well below what services accept
PATIENCE = 8  # tries after which a record that waits for another is shown in quarantine; it is offered on and on
LONGEST_PAUSE = 60.0  # seconds
IDLE = 0.25
ROUNDS = 6
_BREATH = 20  # records made before others get a turn
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Made:
    """What became of one aggregate: its records, or why there are none."""

    ref: Ref
    at: int
    group: str
    tries: int
    records: tuple[Record, ...] = ()
    why: str = ""
    fates: list[Fate] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        if self.why:
            return Outcome.REFUSED
        outcomes = {fate.outcome for fate in self.fates}
        if len(self.fates) < len(self.records):  # nobody said what became of some
            outcomes.add(Outcome.WAITS)
        for each in (Outcome.REFUSED, Outcome.WAITS, Outcome.TAKEN):
            if each in outcomes:
                return each
        return Outcome.STALE

    def because(self, outcome: Outcome) -> str:
        said = [fate.why for fate in self.fates if fate.outcome is outcome and fate.why]
        return self.why or "; ".join(dict.fromkeys(said)) or "the service gave no reason"


@dataclass(slots=True)
class Delivery:
    """One pass after another over what is due. `bell` is rung when something became due."""

    ports: Ports
    adapter: Adapter
    mirrors: Mirrors
    lookups: Lookups
    bell: Wake = field(default_factory=Wake)
    loaded: bool = False  # whether the reference tables were read; False to have them read again
    _sizes: dict[str, int] = field(default_factory=dict)  # service → how many records it takes in time

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not await self.once():
                await self.bell.wait(IDLE)

    async def once(self) -> int:
        """Offer what names others whole, and up to a batch of each other kind, in order; how many aggregates were looked at."""
        await self.references()
        done = 0
        for kind in kinds(self.mirrors):
            if not self.mirrors.ready(kind) or (kind in NAMED_BY_STOCK and await self._stock_is_open()):
                continue
            for _ in range(LONGEST_RUN if kind in NAMING else 1):
                offered = await self._kind(kind)
                done += offered
                if not offered:
                    break
        return done

    async def _stock_is_open(self) -> bool:
        """Whether some stock was not yet made since it changed: it may be the first that is heard of a product."""
        if "stock" not in self.mirrors.kinds():
            return False
        return not self.mirrors.ready("stock") or await due.untried(self.ports.db, "stock")

    async def _kind(self, kind: str) -> int:
        db = self.ports.db
        rows = await due.next_of(db, kind, self._sizes.get(KINDS[kind], BATCH))
        if not rows:
            return 0
        # After what is due was read: a record made below may not miss a reference row older than its own version.
        await self.references()
        wanted = [Made(Ref(row["kind"], row["key"]), row["at"], row["group_name"], row["tries"]) for row in rows]
        await self.make(wanted)
        if not await self._still_whole(kind):
            return 0
        answered = await self._offer_in_order(KINDS[kind], wanted)
        await self._settle(kind, wanted if answered else [made for made in wanted if made.why or made.fates])
        return len(wanted) if answered else 0

    async def _offer_in_order(self, service: str, wanted: Sequence[Made]) -> bool:
        """Offer these; those that wait for others of the same batch once more each time that some were taken."""
        waiting = wanted
        while waiting:
            for made in waiting:
                made.fates = []
            if not await self._offer(service, waiting):
                return False
            still = [made for made in waiting if made.outcome is Outcome.WAITS]
            if not any(made.outcome is Outcome.TAKEN for made in waiting):
                break
            waiting = still
        return True

    async def references(self) -> None:
        """Read reference tables that changed again, and make due what depends on them."""
        changed = await due.references_due(self.ports.db)
        if changed or not self.loaded:
            was, self.loaded = self.loaded, True
            await self.lookups.load_references(changed if was else None)
        if not changed:
            return
        async with self.ports.db.transaction(seconds=600) as tx:
            checkpoint = await checkpoints.read(tx)
            assert checkpoint is not None
            for kind in self._dependants(changed):
                await due.mark_kind(tx, self.mirrors, kind, checkpoint.at)
            await due.references_done(tx, changed)

    def _dependants(self, changed: Iterable[str]) -> list[str]:
        """The kinds of the groups that a reference table's views name; every kind where it has no views."""
        found: set[str] = set()
        for name in changed:
            mirrored = self.mirrors.by_name.get(name)
            views = mirrored.use.views if mirrored else ()
            concerned = {view.group for view in views}
            found |= {
                view.kind for each in self.mirrors for view in each.use.views if not views or view.group in concerned
            }
        return [kind for kind in kinds(self.mirrors) if kind in found]

    async def make(self, wanted: Sequence[Made]) -> None:
        """Make the records of these, from the mirror as it is now."""
        rows = await self.lookups.rows([made.ref for made in wanted])
        # Nearly every record begins with its own id: asked for here, it is not found missing one by one.
        own = {(made.ref.kind, made.ref.key) for made in wanted if made.ref.kind in PREFIX}
        await self.lookups.provide(Missed(ids=own))
        open_ = list(wanted)
        for _ in range(ROUNDS):
            again, missed = [], Missed()
            for number, made in enumerate(open_):
                if number % _BREATH == _BREATH - 1:
                    await asyncio.sleep(0)
                lacks = self._make(made, rows[made.ref])
                if lacks:
                    again.append(made)
                    missed.add(lacks)
            if not again:
                return
            await self.lookups.provide(missed)
            open_ = again
        for made in open_:
            made.records, made.why = (), "what it refers to is another thing each time it is read"

    def _make(self, made: Made, rows: Rows | str) -> Missed | None:
        """Make one aggregate's records with what is known; what was asked for and not known."""
        made.records, made.why = (), ""
        if isinstance(rows, str):
            made.why = rows
            return None
        try:
            found, missed = self.lookups.attempt(lambda stock: self.adapter.record(made.ref, rows, stock, made.at))
        except Unreadable as error:
            made.why = str(error)
        except ValidationError as error:
            made.why = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
        except Exception as error:  # one row that an adapter stumbles over must not hold up the others
            _log.warning("an adapter failed", extra={"ref": str(made.ref), "why": repr(error)[:300]})
            made.why = f"it cannot be read: {error!r}"[:500]
        else:
            if missed:
                return missed
            if isinstance(found, Refused):
                made.why = found.why
            else:
                made.records = found
        return None

    async def _still_whole(self, kind: str) -> bool:
        """Whether no table was emptied while its rows were read: then a record may lack some, and is not offered."""
        now = await tables.states(self.ports.db)
        needed = [*self.mirrors.of_kind(kind), *self.mirrors.references()]
        return all(now.get(each.name) == "live" for each in needed)

    async def _offer(self, service: str, wanted: Sequence[Made]) -> bool:
        """Offer all records to their service. False when it does not answer: what it did not answer for stays due."""
        by_id: dict[tuple[str, str], Made] = {
            (record.kind, record.id): made for made in wanted for record in made.records
        }
        records = [record for made in wanted for record in made.records]
        here = self.ports.peers.url(service) is None  # then nothing is put into a body
        for call in calls(records, None if here else CALL_BYTES):
            try:
                fates = await self._ask(service, call)
            except (Unavailable, DeadlinePassed, TooMany) as error:
                self._slower(service, error)
                return False
            for fate in fates:
                made = by_id.get((fate.kind, fate.id))
                if made is not None:
                    made.fates.append(fate)
        size = self._sizes.get(service, BATCH)
        self._sizes[service] = min(BATCH, size + 10)
        return True

    async def _ask(self, service: str, records: Sequence[Record]) -> list[Fate]:
        """One call; where it is refused as a whole, halves of it, down to the record that it cannot be made with."""
        try:
            call: Call[Fates] = TAKE[service](records=tuple(records))  # type: ignore[assignment]
            answer = await self.ports.peers.ask(call)
        except (Unavailable, DeadlinePassed, TooMany):
            raise
        except Refusal as refusal:
            if len(records) == 1:
                why = "; ".join([refusal.detail, *(fault.detail for fault in refusal.errors[:5])])
                return [Fate(kind=records[0].kind, id=records[0].id, outcome=Outcome.REFUSED, why=why)]
            half = len(records) // 2
            return await self._ask(service, records[:half]) + await self._ask(service, records[half:])
        return list(answer.fates)

    def _slower(self, service: str, error: Refusal) -> None:
        if isinstance(error, DeadlinePassed):
            self._sizes[service] = max(1, self._sizes.get(service, BATCH) // 2)
        _log.warning("a service does not take records now", extra={"service": service, "why": error.detail})

    async def _settle(self, kind: str, wanted: Sequence[Made]) -> None:
        """Write down what became of each."""
        if not wanted:
            return
        by_outcome: dict[Outcome, list[Made]] = {outcome: [] for outcome in Outcome}
        for made in wanted:
            by_outcome[made.outcome].append(made)
        waits, refused = by_outcome[Outcome.WAITS], by_outcome[Outcome.REFUSED]
        told = by_outcome[Outcome.TAKEN] + by_outcome[Outcome.STALE]
        lost = [made for made in waits if made.tries + 1 >= PATIENCE]
        taken, stale = len(by_outcome[Outcome.TAKEN]), len(by_outcome[Outcome.STALE])
        tally = Tally(taken, stale, len(waits), len(refused), wanted[0].group)
        async with self.ports.db.transaction() as tx:
            await due.done(tx, [(made.ref.kind, made.ref.key, made.at) for made in told + refused])
            if waits:
                pauses = [min(LONGEST_PAUSE, 0.2 * 2.0 ** min(made.tries, 20)) for made in waits]
                await due.later(tx, [(made.ref.kind, made.ref.key, made.at) for made in waits], pauses)
            await quarantine.solve(tx, kind, [made.ref.key for made in told])
            if refused or lost:
                await quarantine.put(tx, [self._case(made) for made in refused + lost])
            await due.count(tx, kind, tally)

    def _case(self, made: Made) -> quarantine.Case:
        why = made.because(Outcome.REFUSED)
        if made.outcome is Outcome.WAITS:
            why = f"it waits: {made.because(Outcome.WAITS)}"
        return quarantine.Case(
            self.ports.ids.new("qua"), made.ref.kind, made.ref.key, made.group, why.replace("\x00", " "), made.at
        )


def kinds(mirrors: Mirrors) -> list[str]:
    """The kinds of aggregates there are, in the order in which they are told."""
    there = mirrors.kinds()
    return [kind for kind in ORDER if kind in there]


def calls(records: Sequence[Record], limit: int | None) -> Iterator[list[Record]]:
    """Records in runs that fit into a call of about `limit` bytes; None: whatever they take."""
    run: list[Record] = []
    size = 0
    for record in records:
        length = 0 if limit is None else len(record.model_dump_json())
        if run and (len(run) >= BATCH or (limit is not None and size + length > limit)):
            yield run
            run, size = [], 0
        run.append(record)
        size += length
    if run:
        yield run
