"""What was written there and has to be heard of again here before more is built on it: the stream brings it home.

Rows that no column tells are found by the mirror alone; and what all records look up (brands, categories, options) is read
from the mirror, so that a product of a new brand is not taken for one without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.legacy import Ref
from banyan.move.rows import Values, unpack
from banyan.move.storage import checkpoints, mirror
from banyan.move.storage.tables import Mirrored
from banyan.move.way_back.fates import Work
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.reading import Known, named

_LOOK, _LOOKS = 0.02, 100  # two seconds


@dataclass(slots=True)
class Homecoming:
    """`stale`: tables that are looked up and were written, and up to where. `inherited`: up to where somebody who wrote
    before us may have written them, whose process ended before it read them again; 0 for nowhere."""

    ground: Ground
    _written: dict[Ref, int] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _stale_until: int = 0
    _inherited: int = 0

    def begin(self, at: int) -> None:
        """The pen is ours from this place on."""
        self._inherited = at

    def wrote(self, works: Iterable[Work], at: int) -> None:
        """These are written; the log ended there."""
        references = {each.use.table: each.name for each in self.ground.mirrors.references()}
        for work in works:
            self._written[work.ref] = at
            touched = {references[name] for name in references.keys() & (work.new or {}).keys() if _differs(work, name)}
            if touched:
                self._stale_until = at
                self._stale |= touched

    async def looked_up(self) -> None:
        """What is looked up is as we wrote it. Conflict `stream_behind`."""
        if self._stale:
            await self._reached(self._stale_until)
            await self.ground.lookups.load_references(self._stale)
            self._stale = set()
        if self._inherited and await self._is_at(self._inherited):  # not waited for: it is hardly ever of any use
            await self.ground.lookups.load_references()
            self._inherited = 0

    async def hidden(self, refs: Sequence[Ref]) -> dict[Ref, Known | Refusal]:
        """Keys of rows that only the mirror can find: once it has heard of what we wrote last. Conflict `stream_behind` for
        those of which it has not."""
        found: dict[Ref, Known | Refusal] = {}
        for kind in dict.fromkeys(ref.kind for ref in refs):
            of_kind = [ref for ref in refs if ref.kind == kind]
            tables = [each for each in self.ground.mirrors.of_kind(kind) if not named(each, kind)]
            if not tables:
                found |= {ref: {} for ref in of_kind}
                continue
            behind = await self._behind(of_kind)
            found |= behind
            found |= await self._known(tables, [ref for ref in of_kind if ref not in behind])
        return found

    async def _behind(self, refs: Sequence[Ref]) -> dict[Ref, Refusal]:
        """Those of these whose rows the stream has not heard of, though it was waited for."""
        try:
            await self._reached(max(self._written.get(ref, 0) for ref in refs))
        except Refusal as refusal:
            late = [ref for ref in refs if not await self._is_at(self._written.get(ref, 0))]
            left = dict.fromkeys(late, refusal)
        else:
            left = {}
        for ref in refs:
            if ref not in left:
                self._written.pop(ref, None)
        return left

    async def _known(self, tables: Iterable[Mirrored], refs: Sequence[Ref]) -> dict[Ref, dict[str, list[Values]]]:
        known: dict[Ref, dict[str, list[Values]]] = {ref: {} for ref in refs}
        by_key = {ref.key: ref for ref in refs}
        for each in tables:
            for key, image in await mirror.of_parents(self.ground.ports.db, each.number, list(by_key)):
                values = unpack(image)
                keys = tuple(values[place] for place in each.table.key_places)
                known[by_key[key]].setdefault(each.use.table, []).append(keys)
        return known

    async def _reached(self, wanted: int) -> None:
        if not wanted:
            return
        for _ in range(_LOOKS):
            if await self._is_at(wanted):
                return
            await self.ground.ports.clock.sleep(_LOOK)
        raise Conflict("the stream has not yet heard of what was written last", code="stream_behind")

    async def _is_at(self, wanted: int) -> bool:
        checkpoint = await checkpoints.read(self.ground.ports.db)
        return checkpoint is None or checkpoint.at >= wanted


def _differs(work: Work, name: str) -> bool:
    was = {row.values for row in (work.rows or {}).get(name, ())}
    return was != set((work.new or {}).get(name, ()))
