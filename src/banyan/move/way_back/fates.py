"""Aggregates on their way back, and what becomes of them: written, not now, or never, with why."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from banyan.contracts.legacy import Record
from banyan.foundation.db import Tx
from banyan.kernel.refusals import Refusal
from banyan.move.legacy import NewRows, Ref, Rows, Unwritable
from banyan.move.rows import Unreadable
from banyan.move.source import SqlError
from banyan.move.storage import back, quarantine
from banyan.move.storage.back import WAY_BACK, Due
from banyan.move.way_back.pen import Relieved

LONGEST_PAUSE = 30.0  # seconds until what failed is tried again
# The server, not the value: a lock, a deadlock, a line that broke, a disk that is full, a server that goes down.
_PASSING = {1021, 1040, 1053, 1205, 1213, 1290, 1317, 1836, 1969, 3024}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """One aggregate on its way: its rows, what they have to be, and the statements that make them so."""

    due: Due
    record: Record
    ref: Ref
    rows: Rows | None = None
    new: NewRows | None = None
    wanted: list[bytes] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    failed: bool = False


@dataclass(slots=True)
class Fates:
    """What became of a batch."""

    written: list[Due] = field(default_factory=list)
    flagged: list[tuple[Due, str]] = field(default_factory=list)
    later: list[Due] = field(default_factory=list)

    def over(self, work: Work, error: Exception) -> None:
        """This one does not go on."""
        work.failed, work.wanted = True, []
        self.failed(work.due, error)

    def failed(self, due: Due, error: Exception) -> None:
        """A record that does not go back: for good, with why, or not just now. Relieved is for whoever writes."""
        if isinstance(error, (Unwritable, Unreadable, ValidationError, ValueError)):
            self.flagged.append((due, _words(error)))
        elif isinstance(error, SqlError):
            if error.code in _PASSING:
                self.later.append(due)
            else:
                self.flagged.append((due, f"the legacy database refuses it: {error.message} ({error.code})"))
        elif isinstance(error, Relieved):
            raise error
        elif isinstance(error, Refusal):
            _log.info("a record goes back later", extra={"kind": due.kind, "id": due.id, "why": error.detail})
            self.later.append(due)
        else:  # one record that an adapter stumbles over must not hold up the others
            _log.warning("a record does not go back", extra={"kind": due.kind, "id": due.id, "why": repr(error)[:300]})
            self.flagged.append((due, f"it cannot be written back: {error!r}"[:500]))

    def ended(self, works: Sequence[Work]) -> None:
        """These are written, each as far as the legacy shop can hold it."""
        for work in works:
            if work.lost:
                told = "the legacy shop cannot hold all of it: " + "; ".join(work.lost)
                self.flagged.append((work.due, told))
            else:
                self.written.append(work.due)

    async def keep(self, tx: Tx, group: str, new_id: Callable[[str], str]) -> None:
        """Write it down: what is done is due no more, what cannot go is in quarantine."""
        await back.done(tx, [*self.written, *(each for each, _ in self.flagged)])
        for kind in sorted({each.kind for each in self.written}):
            await back.solve(tx, kind, [each.id for each in self.written if each.kind == kind])
        cases = [
            quarantine.Case(new_id("qua"), due.kind, due.id, group, why.replace("\x00", " "), 0, WAY_BACK)
            for due, why in self.flagged
        ]
        await quarantine.put(tx, cases)
        for each in self.later:
            await back.later(tx, [each], min(LONGEST_PAUSE, 0.2 * 2.0 ** min(each.tries, 10)))


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
    return str(error)[:500]
