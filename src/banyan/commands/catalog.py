"""`banyan catalog …`: products in from files and out to files, and how well search finds them."""

import gzip
import random
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from banyan import topology
from banyan.commands import DataDir, Json, opened, progress, run, settings, tell
from banyan.foundation.service import Ports

if TYPE_CHECKING:
    from banyan.catalog.importing import ImportReport

app = typer.Typer(no_args_is_help=True, help="The catalogue: import, export, measure the search.")


class Kind(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


File = Annotated[Path, typer.Argument(help="CSV or JSON Lines; .gz too.", dir_okay=False)]


@app.command("import")
def import_(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and write nothing.")] = False,
    stock: Annotated[int | None, typer.Option(help="Units to count for rows that say nothing of stock.", min=0)] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write what became of each row, as JSON Lines.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Put products into the catalogue by SKU: new ones added, changed ones changed, equal ones left alone.

    Works while the shop is running. A run that was broken off goes on where it stopped.

    Example: `banyan catalog import products.jsonl.gz --dry-run`
    """
    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    told = run(_import(data_dir, file, dry_run, stock, report))
    if as_json:
        tell(told.as_json())
    else:
        _show(told)
    if told.refused:
        raise typer.Exit(1)


def _show(told: "ImportReport") -> None:
    done = "would be" if told.dry_run else "were"
    typer.echo(
        f"{told.rows} rows of {told.name}: {told.added} {done} added, {told.changed} changed, {told.unchanged} unchanged"
    )
    if told.resumed_at:
        typer.echo(f"An earlier run had done the first {told.resumed_at} rows; this one went on from there.")
    if told.ignored:
        typer.echo(f"Fields that mean nothing here: {', '.join(told.ignored)}")
    if told.stock_refused:
        typer.echo(f"{told.stock_refused} counts of stock could not be set: more is reserved than was counted.")
    for refusal in told.refusals:
        typer.echo(f"row {refusal.row} {refusal.sku}: {refusal.reason}")
    if told.refused > len(told.refusals):
        typer.echo(f"… and {told.refused - len(told.refusals)} more refused; --report FILE has them all")


async def _import(
    data_dir: DataDir, file: Path, dry_run: bool, stock: int | None, report: Path | None
) -> "ImportReport":
    from banyan.catalog import importing

    async with opened(settings(data_dir), "catalog", "inventory") as process:
        with progress("Bytes", file.stat().st_size) as bar:
            return await importing.import_file(
                process.shop.ports["catalog"],
                file,
                dry_run=dry_run,
                stock_default=stock,
                report_path=report,
                progress=lambda done, _: bar(done),
            )


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output when left out.")] = None,
    kind: Annotated[Kind | None, typer.Option("--format", help="By the file's name when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the catalogue as the import reads it; packed when the file's name ends in .gz.

    Example: `banyan catalog export products.csv`
    """
    chosen = kind or (Kind.CSV if file is not None and ".csv" in file.suffixes else Kind.JSONL)
    count = run(_export(data_dir, file, chosen))
    print(f"{count} rows in {file or 'standard output'}", file=sys.stderr)


async def _export(data_dir: DataDir, file: Path | None, kind: Kind) -> int:
    from banyan.catalog import importing

    async with opened(settings(data_dir), "catalog", "inventory") as process:
        ports = process.shop.ports["catalog"]
        if file is None:
            return await importing.export(ports, sys.stdout.buffer, kind.value)
        # Beside the file first: a run that is broken off leaves the old one whole. A pipe or a device is no file to replace.
        beside = file if file.exists() and not file.is_file() else file.with_name(file.name + ".part")
        with gzip.open(beside, "wb") if file.suffix == ".gz" else beside.open("wb") as stream:
            count = await importing.export(ports, stream, kind.value)
        if beside != file:
            beside.replace(file)
        return count


@app.command()
def measure(
    sample: Annotated[int, typer.Option(help="How many products are looked for.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Which ones.")] = 1,
    queries: Annotated[
        Path | None, typer.Option(help="Shop queries to ask, as JSON Lines with `query` and `categories`.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """How well search finds what is there: five words of a name bring the product into the first ten; with one typing
    error too.

    Example: `banyan catalog measure --sample 300`
    """
    told = run(_measure(data_dir, sample, seed, queries))
    if as_json:
        tell(told)
        return
    for line in told["lines"]:
        typer.echo(line)


async def _measure(data_dir: DataDir, sample: int, seed: int, queries: Path | None) -> dict[str, Any]:
    from banyan.foundation.search import measure as measuring

    asked = _queries(queries)
    async with opened(settings(data_dir), "catalog") as process:
        ports = process.shop.ports["catalog"]
        await process.shop.follow(topology.service("catalog"))
        names, categories = await _known(ports)
        told: dict[str, Any] = {"products": len(names), "lines": []}
        for title, slip in (("known item, first five words", False), ("known item, one typing error", True)):
            dice = random.Random(seed)
            found = await measuring.known_items(ports.search, names, dice, sample=sample, typing_error=slip)
            told[title] = found.share
            told["lines"].append(
                f"{title}: {found.share:.1%} of {found.asked} in the first ten (a search without fault: {found.ceiling:.1%})"
            )
        if asked:
            every = await measuring.answered(ports.search, [text for text, _ in asked])
            here = await measuring.answered(ports.search, [text for text, wanted in asked if wanted & categories])
            told["shop queries"] = here.share
            told["lines"].append(f"shop queries: {every.asked} answered, {every.found} find something")
            told["lines"].append(f"… whose categories are here: {here.found} of {here.asked} find something")
        return told


def _queries(file: Path | None) -> list[tuple[str, frozenset[str]]]:
    if file is None:
        return []
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]
    return [(line["query"], frozenset(line.get("categories", ()))) for line in lines]


async def _known(ports: Ports) -> tuple[list[tuple[str, str]], frozenset[str]]:
    """Every published product's id and name, and the names of all categories."""
    from banyan.catalog.storage import documents

    names, categories, after = [], set[str](), ""
    while rows := await documents.published(ports.db, ports.settings.currency, after=after, limit=1000):
        names += [(row["id"], row["name"]) for row in rows]
        categories.update(name for row in rows for name in row["categories"])
        after = rows[-1]["id"]
    return names, frozenset(categories)


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Put the demo catalogue, with its pictures and stock, into an empty shop; any other is left alone.

    Example: `banyan catalog demo`
    """

    async def fill() -> None:
        async with opened(settings(data_dir), "catalog", "inventory") as process:
            await fill_with_demo(process.shop.ports["catalog"])

    run(fill())


async def fill_with_demo(ports: Ports) -> None:
    """Put the demo catalogue, with its pictures and stock, into an empty shop; leave any other alone."""
    from banyan.catalog import importing
    from banyan.catalog.demo import rows
    from banyan.catalog.storage import documents

    begun = ports.settings.data_dir / "demo-begun"  # there while a start that was broken off must be gone on with
    if await documents.any_published(ports.db) and not begun.exists():
        return
    begun.touch()
    with progress("Demo catalogue", sum(1 for _ in rows())) as bar:
        await importing.import_demo(ports, progress=bar)
    begun.unlink()
