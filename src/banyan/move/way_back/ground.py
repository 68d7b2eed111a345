"""What changing hands and going back work on: the legacy database, our services, the mirror, and who knows what belongs where."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.move.delivering.lookups import Lookups
from banyan.move.legacy import Adapter
from banyan.move.rows import Table
from banyan.move.source import Source
from banyan.move.storage import checkpoints
from banyan.move.storage.checkpoints import SourceRow
from banyan.move.storage.tables import Mirrors

Reached = Callable[[str, int, float], Awaitable[bool]]
"""(group, position, seconds): whether the stream came so far within that time, and nothing of the group is due."""


@dataclass(frozen=True, slots=True)
class Ground:
    """`tables` by their names without the shop's prefix; `row` is what was written down when the shop was prepared."""

    ports: Ports
    source: Source
    adapter: Adapter
    tables: Mapping[str, Table]
    mirrors: Mirrors
    lookups: Lookups
    row: SourceRow
    reached: Reached


class Moves(Protocol):
    """What the mover has of this."""

    ports: Ports
    source: Source
    adapter: Adapter
    tables: dict[str, Table]
    mirrors: Mirrors
    lookups: Lookups

    async def reached(self, group: str, at: int, seconds: float) -> bool: ...


async def ground_of(mover: Moves) -> Ground:
    """The mover's own. Conflict when no shop was prepared."""
    row = await checkpoints.source(mover.ports.db)
    if row is None:
        raise Conflict("no shop is prepared here yet: banyan move prepare", code="not_prepared")
    return Ground(
        mover.ports, mover.source, mover.adapter, mover.tables, mover.mirrors, mover.lookups, row, mover.reached
    )
