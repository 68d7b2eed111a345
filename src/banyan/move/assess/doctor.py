"""`doctor`: every hazard of moving this legacy shop, with the statement or setting that mends it. It only reads."""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic

from banyan.move.assess.asking import Asking
from banyan.move.assess.checks import columns, contents, log, rights, server, tables
from banyan.move.assess.found import Knowledge, Survey
from banyan.move.assess.hazards import Diagnosis, Hazard, worst_first
from banyan.move.assess.samples import Samples, sample
from banyan.move.assess.survey import survey
from banyan.move.source import Source

CHECKS: tuple[Callable[[Survey, Samples], Iterable[Hazard]], ...] = (
    log.check,
    rights.check,
    server.check,
    tables.check,
    columns.check,
    contents.check,
)
SECONDS = 9.0  # for everything that is asked; what does not fit is told of as not examined


async def doctor(source: Source, adapter: Knowledge | None = None) -> Diagnosis:
    """Examine a legacy server and one database. Unavailable when it cannot be reached; what it refuses is in `unseen`.

    With an adapter, schema problems of tables that it does not use are notes; without one every table counts as moved.
    """
    return await asyncio.to_thread(_examine, source, adapter)


def _examine(source: Source, adapter: Knowledge | None) -> Diagnosis:
    began = monotonic()
    with source.connect() as con:
        ask = Asking(con, seconds=SECONDS)
        seen = survey(ask, source.name, adapter)
        samples = sample(ask, seen)
        unseen = (*ask.unseen, *samples.unseen)
    return Diagnosis(
        source=source.name,
        server=seen.version,
        tables=len(seen.tables),
        tables_in_use=len(seen.in_use),
        seconds=monotonic() - began,
        hazards=diagnose(seen, samples),
        unseen=tuple(dict.fromkeys(unseen)),
    )


def diagnose(seen: Survey, samples: Samples) -> tuple[Hazard, ...]:
    """The hazards of what was read, worst first."""
    return worst_first(hazard for check in CHECKS for hazard in check(seen, samples))
