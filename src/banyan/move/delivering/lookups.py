"""What an adapter may look up while it works: an aggregate's rows, reference tables, ids. Whatever it is given is durable.

An adapter is pure and asks at once; the database answers later. So work that asked for something unknown is done again
once that is known and kept: `settled` does so until nothing is missing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from banyan.foundation.db import Db
from banyan.kernel.ids import Ids
from banyan.move.legacy import Adapter, Names, Ref, Rows, Stock, views
from banyan.move.rows import Row, Unreadable, unpack
from banyan.move.storage import identities, mirror
from banyan.move.storage.identities import Pair
from banyan.move.storage.tables import Mirrored, Mirrors

T = TypeVar("T")
REMEMBERED = 100_000  # ids kept in memory
PREFIX = {
    "customer": "usr",
    "address": "adr",
    "category": "cat",
    "brand": "brd",
    "product": "prd",
    "variant": "var",
    "order": "ord",
    "cart": "crt",
}
"""What our ids of a kind begin with; any other kind's by its own first three letters."""
_UNKNOWN = "?"
_ROUNDS = 6


@dataclass(slots=True)
class Missed:
    """What work asked for and could not be told."""

    ids: set[Pair] = field(default_factory=set)
    keys: set[Pair] = field(default_factory=set)
    next: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    held: set[Pair] = field(default_factory=set)  # names: (kind, key)
    holders: set[Pair] = field(default_factory=set)  # names: (kind, name)
    claims: dict[Pair, str] = field(default_factory=dict)  # (kind, key) → the name it is to hold

    def __bool__(self) -> bool:
        return bool(self.ids or self.keys or self.next or self.held or self.holders or self.claims)

    def add(self, other: "Missed") -> None:
        self.ids |= other.ids
        self.keys |= other.keys
        self.held |= other.held
        self.holders |= other.holders
        self.claims |= other.claims
        for table, count in other.next.items():
            self.next[table] += count


class KeptNames(Names):
    """Names kept among the identities. A claim counts as missed until it is written down, so that nothing is told before."""

    def __init__(self) -> None:
        super().__init__()
        self.missed = Missed()

    def held(self, kind: str, key: str) -> str:
        known = self._held.get((kind, key))
        if known is None:
            self.missed.held.add((kind, key))
        return known or ""

    def holder(self, kind: str, name: str) -> str:
        known = self._holder.get((kind, name))
        if known is None:
            self.missed.holders.add((kind, name))
        return known or ""

    def claim(self, kind: str, key: str, wishes: Sequence[str]) -> str:
        had = self.held(kind, key)
        holders = [self.holder(kind, wish) for wish in wishes]
        if self.missed.held or self.missed.holders:
            return had or wishes[-1]
        name = next((wish for wish, holder in zip(wishes, holders, strict=True) if holder in ("", key)), wishes[-1])
        if name != had:
            self._holder[kind, had] = ""
            self._held[kind, key], self._holder[kind, name] = name, key
            self.missed.claims[kind, key] = name
        return name

    async def provide(self, db: Db, missed: Missed) -> None:
        """Write down what was claimed, and find who holds what."""
        if len(self._held) + len(self._holder) > REMEMBERED:
            self._held.clear()
            self._holder.clear()
        held, holders = set(missed.held), set(missed.holders)
        if missed.claims:
            async with db.transaction() as tx:
                await identities.claim(tx, missed.claims)
            held |= set(missed.claims)
            holders |= {(kind, name) for (kind, _), name in missed.claims.items()}
        if held:
            known = await identities.known(db, held)
            self._held |= {pair: known.get(pair, "") for pair in held}
        if holders:
            known = await identities.keys(db, holders)
            self._holder |= {pair: known.get(pair, "") for pair in holders}


class Lookups:
    """`stock` is what the adapter is given; its reference tables are read anew by `load_references`."""

    def __init__(
        self, db: Db, ids: Ids, adapter: Adapter, mirrors: Mirrors, settings: dict[str, Any] | None = None
    ) -> None:
        self._db, self._new, self._adapter, self._mirrors = db, ids.new, adapter, mirrors
        self._ids: dict[Pair, str] = {}
        self._keys: dict[Pair, str] = {}
        self._fresh: dict[str, list[int]] = {}
        self._missed = Missed()
        self._names = KeptNames()
        self._loading = asyncio.Lock()
        self.stock = Stock(
            reference={},
            tables={},
            id=self._id,
            key=self._key,
            next=self._next,
            currency="",
            settings=settings or {},
            names=self._names,
        )

    async def load_references(self, only: Iterable[str] | None = None) -> None:
        """Read the reference tables whole (`only`: of those that were read once, these by their full names), and what the
        shop's currency is. One reading after another: else a slow one would take away what a later one found."""
        async with self._loading:
            await self._load_references(only)

    async def _load_references(self, only: Iterable[str] | None) -> None:
        found: dict[str, Sequence[Row]] = {}
        names = None if only is None else set(only)
        for each in self._mirrors.references():
            if names is not None and each.name not in names and each.use.table in self.stock.reference:
                continue
            images = await mirror.all_of(self._db, each.number)
            found[each.use.table] = [Row(each.table, unpack(image)) for image in images]
        # The way back reads some of them again while the stream may read others: neither takes the other's away.
        self.stock.reference = found if names is None else {**self.stock.reference, **found}
        reference = self.stock.reference
        self.stock.tables = {each.use.table: each.table for each in self._mirrors}
        self.stock.currency = self._adapter.currency(reference)

    async def rows(self, refs: Iterable[Ref]) -> dict[Ref, Rows | str]:
        """The rows of these aggregates as the mirror has them; words instead, where it cannot be told whose a row is."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for ref in refs:
            by_kind[ref.kind].append(ref.key)
        found: dict[Ref, Rows | str] = {}
        for kind, keys in by_kind.items():
            found |= await self._rows_of(kind, keys)
        return found

    async def _rows_of(self, kind: str, keys: Sequence[str]) -> dict[Ref, Rows | str]:
        names = [use.table for use in self._adapter.uses.values() if any(view.kind == kind for view in use.views)]
        found: dict[str, dict[str, list[Row]]] = {key: {name: [] for name in names} for key in keys}
        bad: dict[str, str] = {}
        for each in self._mirrors.of_kind(kind):
            plain = len(each.use.views) == 1 and isinstance(each.use.views[0].key, str)
            for parent, image in await mirror.of_parents(self._db, each.number, keys):
                row = Row(each.table, unpack(image))
                try:
                    if plain or views.belongs(each.use, row, kind, parent):
                        found[parent][each.use.table].append(row)
                except Unreadable as error:
                    bad[parent] = str(error)
        return {Ref(kind, key): bad.get(key) or rows for key, rows in found.items()}

    def attempt(self, work: Callable[[Stock], T]) -> tuple[T, Missed]:
        """Do the work with what is known, and tell what was not: then the outcome holds placeholders and is good for nothing."""
        self._missed = self._names.missed = Missed()
        left = {table: list(values) for table, values in self._fresh.items()}
        try:
            return work(self.stock), self._missed
        finally:
            if self._missed:  # the next attempt takes the same values, where no other work has taken them by then
                for table, values in left.items():
                    if taken := len(values) - len(self._fresh[table]):
                        self._missed.next[table] += taken
                self._fresh = left

    async def settled(self, work: Callable[[Stock], T]) -> T:
        """Do the work until everything it asks for is known and kept."""
        for _ in range(_ROUNDS):
            done, missed = self.attempt(work)
            if not missed:
                return done
            await self.provide(missed)
        raise Unreadable("what is asked for is another thing each time")

    async def provide(self, missed: Missed) -> None:
        """Find, or make and keep, what was asked for."""
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
            self._keys.clear()
        if missed.held or missed.holders or missed.claims:
            await self._names.provide(self._db, missed)
            self._ids |= {pair: name for pair, name in missed.claims.items() if pair in self._ids}
        if missed.ids:
            await self._provide_ids(missed.ids)
        if missed.keys:
            await self._provide_keys(missed.keys)
        for table, count in missed.next.items():
            self._fresh.setdefault(table, []).extend(await self._next_values(table, count))

    async def _provide_ids(self, pairs: set[Pair]) -> None:
        pairs = {pair for pair in pairs if pair not in self._ids}
        if not pairs:
            return
        known = await identities.known(self._db, pairs)
        new = {(kind, key): self._new(PREFIX.get(kind, kind[:3])) for kind, key in pairs if (kind, key) not in known}
        if new:
            async with self._db.transaction() as tx:
                known |= await identities.give(tx, new)
        self._ids |= known

    async def _provide_keys(self, pairs: set[Pair]) -> None:
        known = await identities.keys(self._db, pairs)
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, id_ in sorted(pairs):
            if (kind, id_) not in known:
                by_kind[kind].append(id_)
        for kind, ids in by_kind.items():
            values = await self._next_values(self._counting(kind).use.table, len(ids))
            async with self._db.transaction() as tx:
                await identities.give(tx, {(kind, str(value)): id_ for value, id_ in zip(values, ids, strict=True)})
            known |= {(kind, id_): str(value) for value, id_ in zip(values, ids, strict=True)}
        self._keys |= known

    def _counting(self, kind: str) -> Mirrored:
        """The table whose auto-increment column is the key of this kind."""
        name = self._adapter.keyed.get(kind)
        for each in self._mirrors:
            if each.use.table == name:
                return each
        raise Unreadable(f"no table of the legacy shop counts up the keys of a new {kind}")

    async def _next_values(self, name: str, count: int) -> list[int]:
        above = 0
        for each in self._mirrors:
            if each.use.table == name and each.table.key == (each.table.auto_increment,):
                last = await mirror.last_key(self._db, each.number)
                above = int(unpack(last)[0] or 0) if last is not None else 0
        async with self._db.transaction() as tx:
            first = await identities.next_values(tx, name, count, above)
        return list(range(first, first + count))

    def _id(self, kind: str, key: str) -> str:
        known = self._ids.get((kind, key))
        if known is None:
            self._missed.ids.add((kind, key))
        return known or _UNKNOWN

    def _key(self, kind: str, id_: str) -> str:
        known = self._keys.get((kind, id_))
        if known is None:
            self._missed.keys.add((kind, id_))
        return known or "0"

    def _next(self, table: str) -> int:
        fresh = self._fresh.get(table)
        if fresh:
            return fresh.pop(0)
        self._missed.next[table] += 1
        return 0
