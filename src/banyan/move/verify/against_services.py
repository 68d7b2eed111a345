"""Records made from the mirror against what services hold, field by field, and the books of both sides beside each other.

Row equality proves the copy; this proves the conversion, the delivery and that nobody changed our side behind the mover's back.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from banyan.contracts.legacy import HAND_OVER, KINDS, Handed, Record
from banyan.foundation.service import Ports
from banyan.move.delivering import Delivery, Made
from banyan.move.legacy import Ref, Unwritable
from banyan.move.storage import checks, groups
from banyan.move.storage.checks import Finding
from banyan.move.storage.tables import Mirrors

BATCH = 100
LOOKS = 4
PAUSE = 0.25  # seconds
_MOST_NAMED = 5
_NOT_HELD = {"version", "token"}  # of a cart's token only a digest is kept, and nobody can hand it over


@dataclass(slots=True)
class Books:
    """Sums over all records of a kind, on one side: money by day and currency, units."""

    sums: Counter[str] = field(default_factory=Counter)

    def take(self, record: Record) -> None:
        """Add a record's amounts; what is gone counts for nothing."""
        if is_gone(record):
            return
        self.sums["records"] += 1
        if record.kind == "order":
            day = record.placed_at.date().isoformat()
            self.sums[f"{day} {record.total.currency}"] += record.total.amount
        elif record.kind == "stock" and record.tracked:
            self.sums["units"] += record.on_hand
        elif record.kind == "cart":
            self.sums["units"] += sum(line.quantity for line in record.lines)


@dataclass(slots=True)
class RecordsLooked:
    """What a comparison of one kind came to."""

    kind: str
    equal: int = 0
    waiting: int = 0  # changed and not told yet, or in quarantine: compared when they are
    findings: list[Finding] = field(default_factory=list)
    legacy: Books = field(default_factory=Books)
    ours: Books = field(default_factory=Books)

    def enter(self, made: Sequence[Record], held: Mapping[str, Record]) -> None:
        """Put records into the books of both sides."""
        for record in made:
            self.legacy.take(record)
            if record.id in held:
                self.ours.take(held[record.id])

    @property
    def books_differ(self) -> dict[str, tuple[int, int]]:
        """Sums that are not the same on both sides: (legacy, ours)."""
        names = self.legacy.sums.keys() | self.ours.sums.keys()
        return {
            name: (self.legacy.sums[name], self.ours.sums[name])
            for name in sorted(names)
            if self.legacy.sums[name] != self.ours.sums[name]
        }


@dataclass(slots=True)
class Records:
    """The comparison of one kind of record after another."""

    ports: Ports
    mirrors: Mirrors
    delivery: Delivery

    async def whole(self, kind: str, progress: Callable[[int], None] = lambda _: None) -> RecordsLooked:
        """Every aggregate of a kind."""
        looked, after = RecordsLooked(kind), ""
        numbers = [each.number for each in self.mirrors.of_kind(kind)]
        while keys := await checks.keys_of_kind(self.ports.db, numbers, after, BATCH):
            await self.keys(looked, keys)
            after = keys[-1]
            progress(looked.equal + len(looked.findings))
        async with self.ports.db.transaction() as tx:
            differing = {name: list(pair) for name, pair in looked.books_differ.items()}
            await checks.records_checked(tx, kind, looked.equal, differing)
        return looked

    async def keys(self, looked: RecordsLooked, keys: Sequence[str]) -> None:
        """Compare these aggregates; one that differs is looked at again, and again, before it is said.

        It is said where both sides are what they were at the look before, and nothing of it was due since: then all
        changes have been told. Whatever changed between is left for later, for one side may have been read before it.
        """
        open_, group = list(keys), self._group(looked.kind)
        seen: dict[str, tuple[Sequence[Record], list[Record | None]]] = {}
        standing = await groups.one(self.ports.db, group)
        owned = standing is not None and standing.owner == "new"
        for look in range(LOOKS):
            if look:
                await self.ports.clock.sleep(PAUSE)
            waiting = await checks.is_due(self.ports.db, looked.kind, open_)
            made = [Made(Ref(looked.kind, key), 0, group, 0) for key in open_]
            await self.delivery.make(made)
            asked = [record.id for each in made for record in each.records]
            waiting_back = await checks.is_due_back(self.ports.db, looked.kind, asked)
            held = await self._held(looked.kind, asked)
            differing: dict[str, str] = {}
            before, seen = seen, {}
            for each in made:
                seen[each.ref.key] = (each.records, [held.get(record.id) for record in each.records])
                if each.ref.key in waiting or any(record.id in waiting_back for record in each.records):
                    differing[each.ref.key] = ""
                    continue
                what = each.why or (await self._back(each, held) if owned else _differences(each.records, held))
                if what:
                    differing[each.ref.key] = what if seen[each.ref.key] == before.get(each.ref.key) else ""
                    continue
                looked.equal += len(each.records)
                looked.enter(each.records, held)
            if not differing:
                return
            open_ = list(differing)
        for each in made:
            if differing.get(each.ref.key):
                looked.enter(each.records, held)
        for key, what in differing.items():
            if what:
                looked.findings.append(Finding(group, looked.kind, key, what))
            else:
                looked.waiting += 1

    async def _back(self, made: Made, held: Mapping[str, Record]) -> str:
        """While our side owns the group: what would be written back now, if anything. Nothing means equal."""
        rows = (await self.delivery.lookups.rows([made.ref]))[made.ref]
        if isinstance(rows, str):
            return rows
        said: list[str] = []
        adapter = self.delivery.adapter
        for record in made.records:
            ours = held.get(record.id)
            if ours is None:
                said += [] if getattr(record, "removed", False) else [f"{record.id} is not there"]
                continue
            try:
                new = await self.delivery.lookups.settled(partial(adapter.rows, made.ref, ours, rows))
            except Unwritable:
                continue  # told when it was to be written, and waits in quarantine
            tables = [
                name for name in {*rows, *new} if {row.values for row in rows.get(name, ())} != set(new.get(name, ()))
            ]
            if tables:
                said.append(f"{record.id} is written otherwise in {', '.join(sorted(tables))}")
        return "; ".join(said)

    async def _held(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        found: dict[str, Record] = {}
        for begin in range(0, len(ids), BATCH):
            asked = HAND_OVER[KINDS[kind]](kind=kind, ids=tuple(ids[begin : begin + BATCH]))
            handed: Handed = await self.ports.peers.ask(asked)  # type: ignore[arg-type]
            found |= {record.id: record for record in handed.records}
        return found

    def _group(self, kind: str) -> str:
        return next(view.group for each in self.mirrors for view in each.use.views if view.kind == kind)


def _differences(made: Sequence[Record], held: Mapping[str, Record]) -> str:
    """Where the records differ from what is held, by the fields' names, never their values; "" when they are equal."""
    said = []
    for record in made:
        ours = held.get(record.id)
        if is_gone(record) and (ours is None or is_gone(ours) or getattr(ours, "closed", False)):
            continue
        if ours is None:
            said.append(f"{record.id} is not there")
        else:
            fields = differing(record.model_dump(exclude=_NOT_HELD), ours.model_dump(exclude=_NOT_HELD))
            if fields:
                more = f" and {len(fields) - _MOST_NAMED} more" if len(fields) > _MOST_NAMED else ""
                said.append(f"{record.id} differs in {', '.join(fields[:_MOST_NAMED])}{more}")
    return "; ".join(said)


def is_gone(record: Record) -> bool:
    """Whether the legacy shop has it no more. Of a customer who is gone nothing is told but that the account is closed."""
    if record.kind == "customer":
        return record.closed and not record.email
    return record.removed


def differing(one: Any, other: Any, path: str = "") -> list[str]:
    """Paths at which two values differ: `lines.0.quantity`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            name
            for key in dict.fromkeys([*one, *other])
            for name in differing(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
        ]
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        return [
            name
            for place, (this, that) in enumerate(zip(one, other, strict=True))
            for name in differing(this, that, f"{path}.{place}")
        ]
    # Types count: 0 is not False, and "1" is not 1.
    return [] if type(one) is type(other) and one == other else [path]
