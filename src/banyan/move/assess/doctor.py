"""`doctor`: every hazard of moving this legacy shop, with the statement or setting that mends it. It only reads."""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic

from banyan.move.assess.asking import Asking
from banyan.move.assess.checks import columns, contents, log, rights, server, tables
from banyan.move.assess.connector import Heard, hear, placed
from banyan.move.assess.connector import check as connector_check
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


async def doctor(
    source: Source, adapter: Knowledge | None = None, *, stream: str = "", connector: str = ""
) -> Diagnosis:
    """Examine a legacy server and one database. Unavailable when it cannot be reached; what it refuses is in `unseen`.

    With an adapter, schema problems of tables that it does not use are notes; without one every table counts as moved.
    `stream` is BANYAN_LEGACY_STREAM, `connector` where the settings of the Debezium connector behind it are to be had.
    """
    heard = await hear(stream, connector) if stream else None
    return await asyncio.to_thread(_examine, source, adapter, heard)


def _examine(source: Source, adapter: Knowledge | None, heard: Heard | None) -> Diagnosis:
    began = monotonic()
    with source.connect() as con:
        ask = Asking(con, seconds=SECONDS)
        seen = survey(ask, source.name, adapter)
        samples = sample(ask, seen)
        heard = heard and placed(heard, con, seen.database)
        unseen = (*ask.unseen, *samples.unseen, *(heard.unseen if heard else ()))
    return Diagnosis(
        source=source.name,
        server=seen.version,
        tables=len(seen.tables),
        tables_in_use=len(seen.in_use),
        seconds=monotonic() - began,
        hazards=diagnose(seen, samples, heard),
        unseen=tuple(dict.fromkeys(unseen)),
    )


def diagnose(seen: Survey, samples: Samples, heard: Heard | None = None) -> tuple[Hazard, ...]:
    """The hazards of what was read, worst first; those of following Debezium where it was listened to."""
    of_debezium = connector_check(seen, heard) if heard is not None else ()
    return worst_first((*(hazard for check in CHECKS for hazard in check(seen, samples)), *of_debezium))
