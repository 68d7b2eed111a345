"""Importing a file, rows that are at hand, or the demo catalogue."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from banyan.catalog.importing import files
from banyan.catalog.importing.files import Raw
from banyan.catalog.importing.report import ImportReport, Outcome
from banyan.catalog.importing.rows import MEDIA
from banyan.catalog.importing.work import Note, Work
from banyan.catalog.storage import importing as store
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict

Progress = Callable[[int, int], None]


async def import_file(
    ports: Ports,
    path: Path,
    *,
    dry_run: bool = False,
    stock_default: int | None = None,
    progress: Progress | None = None,
    report_path: Path | None = None,
) -> ImportReport:
    """Bring the catalogue to what a file says, row by row; the file again changes nothing.

    A run that was killed goes on where it stopped when the same file is imported again with the same `stock_default`
    (units for new variants whose rows say nothing). `dry_run` checks the same and writes nothing to the catalogue.
    `progress` hears bytes done and bytes in all; `report_path` gets a line of JSON per row. Invalid when it is no file
    of products, Conflict while somebody else imports it, FileNotFoundError; Unavailable when inventory does not answer.
    """
    digest = files.digest(path)
    run_id = ports.ids.new("imp") if dry_run else f"{digest}.{ports.settings.currency}.{stock_default}"
    report = ImportReport(path.name, dry_run=dry_run)
    async with _held(ports, run_id):
        work = Work(ports, run_id, report, stock_default)
        done = await work.begin()
        try:
            with files.opened(path) as source, _noting(report_path, resumed=done > 0) as work.note:

                def tell() -> None:
                    if progress:
                        progress(source.done(), source.size)

                await work.run((raw for raw in source.rows if raw.number > done), tell)
                report.ignored = list(source.ignored)
            await work.finish(forget=False)
        finally:
            if dry_run:
                await work.finish(forget=True)
    return report


async def import_rows(
    ports: Ports,
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str = "rows",
    dry_run: bool = False,
    stock_default: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import rows that are at hand, as `import_file` does those of a file; `progress` hears how many are done."""
    report = ImportReport(name, dry_run=dry_run)
    work = Work(ports, ports.ids.new("imp"), report, stock_default)
    await work.begin()

    def tell() -> None:
        if progress:
            progress(report.rows)

    try:
        await work.run((Raw(number, dict(row)) for number, row in enumerate(rows, 1)), tell)
    finally:
        await work.finish(forget=True)
    return report


async def import_demo(ports: Ports, *, progress: Callable[[int], None] | None = None) -> ImportReport:
    """The demo catalogue with its pictures; again, it changes nothing but stock, which is counted anew."""
    from banyan.catalog import demo

    images = {str(image) for row in demo.rows() for image in _listed(row.get("images"))}
    paths = iter(sorted(image.removeprefix(MEDIA) for image in images))
    while some := list(islice(paths, 50)):
        for path in some:
            await ports.media.put(path, demo.picture(path))
    return await import_rows(ports, demo.rows(), name="demo", progress=progress)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


@asynccontextmanager
async def _held(ports: Ports, run_id: str) -> AsyncIterator[None]:
    """Nobody else imports this file meanwhile; a process that dies lets go."""
    async with ports.db.own() as con:
        if not await store.hold(con, run_id):
            raise Conflict("this file is being imported just now", code="import_running")
        yield


@contextmanager
def _noting(path: Path | None, *, resumed: bool) -> Iterator[Note | None]:
    """A line of JSON per row, added to those of the run that is taken up again."""
    if path is None:
        yield None
        return
    with path.open("ab" if resumed else "wb") as file:

        def note(outcomes: Sequence[Outcome]) -> None:
            file.writelines(orjson.dumps(outcome.as_json()) + b"\n" for outcome in outcomes)
            file.flush()

        yield note
