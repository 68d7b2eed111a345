"""An import that is killed goes on where it stopped; one that finished verifies everything and changes nothing."""

import asyncio
import gzip
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import orjson
import pytest

from banyan.catalog import importing
from banyan.catalog.app import service
from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import CATALOGUE, Counter, eventually

HERE = Path(__file__)


def rows(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {
            "sku": f"K-{number}",
            "name": f"Thing {number}",
            "price": 1 + number % 90,
            "brand": f"Brand {number % 20}",
            "categories": ["Things", f"Shelf {number % 9}"],
        }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "things.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows(2600)))))
    return path


class PowerCut(Exception):
    pass


def cut_after(batches: int) -> Callable[[int, int], None]:
    heard = []

    def progress(done: int, of: int) -> None:
        heard.append(done)
        assert done <= of
        if len(heard) == batches:
            raise PowerCut

    return progress


async def test_a_run_that_breaks_off_goes_on_where_it_stopped(open_counter: OpenCounter, file: Path) -> None:
    counter = await open_counter()
    report_path = file.with_name("report")
    for batches, resumed in ((2, 0), (1, 1000)):
        with pytest.raises(PowerCut):
            await importing.import_file(counter.ports, file, progress=cut_after(batches), report_path=report_path)
        assert await counter.ports.db.fetchval("SELECT count(*) FROM variant") == resumed + batches * 500
    report = await importing.import_file(counter.ports, file, report_path=report_path)
    assert (report.resumed_at, report.rows, report.added) == (1500, 2600, 2600)
    lines = [orjson.loads(line) for line in report_path.read_bytes().splitlines()]
    assert [line["row"] for line in lines] == list(range(1, 2601))
    assert await counter.broken() == []
    before = await counter.rows_of(*CATALOGUE)
    again = await importing.import_file(counter.ports, file)
    assert (again.resumed_at, again.rows, again.unchanged) == (0, 2600, 2600)
    assert await counter.rows_of(*CATALOGUE) == before
    assert await counter.ports.db.fetchval("SELECT count(*) FROM import_claim") == 0


async def test_a_run_that_is_cancelled_within_a_batch_leaves_whole_batches(
    open_counter: OpenCounter, file: Path
) -> None:
    counter = await open_counter()
    for wait in (0.0, 0.01, 0.03, 0.1, 0.2):
        running = asyncio.create_task(importing.import_file(counter.ports, file))
        await asyncio.sleep(wait)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await counter.ports.db.fetchval("SELECT count(*) FROM variant") % 500 in (0, 100)
        assert await counter.broken() == []
    report = await importing.import_file(counter.ports, file)
    assert report.rows == 2600
    assert await counter.ports.db.fetchval("SELECT count(*) FROM variant") == 2600


async def test_another_file_or_another_way_to_read_it_is_another_run(open_counter: OpenCounter, file: Path) -> None:
    counter = await open_counter()
    with pytest.raises(PowerCut):
        await importing.import_file(counter.ports, file, progress=cut_after(1))
    assert (await importing.import_file(counter.ports, file, dry_run=True)).resumed_at == 0
    with pytest.raises(PowerCut):
        await importing.import_file(counter.ports, file, stock_default=5, progress=cut_after(1))
    other = file.with_name("other")
    other.write_bytes(
        file.read_bytes() + gzip.compress(b"\n" + orjson.dumps({"sku": "new", "name": "New", "price": 1}))
    )
    report = await importing.import_file(counter.ports, other)
    assert (report.resumed_at, report.rows, report.unchanged) == (0, 2601, 500)
    assert (await importing.import_file(counter.ports, file)).resumed_at == 500


async def test_a_process_that_is_killed_loses_nothing_and_a_running_shop_finds_it_all(
    fresh: Callable[..., Awaitable[dict[str, str]]], file: Path, tmp_path: Path
) -> None:
    """kill -9 in the middle, then again from the start, in another process than the one that serves."""
    urls = await fresh("bus", "catalog")
    command = [
        sys.executable,
        "-m",
        "tests.catalog.importing.killed",
        str(file),
        str(tmp_path),
        urls["catalog"],
        urls["bus"],
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=HERE.parents[3])
    assert process.stdout is not None
    for _ in range(2):
        assert (await process.stdout.readline()).startswith(b"at ")
    process.kill()
    await process.wait()

    clock = SystemClock()
    settings = Settings(data_dir=tmp_path, search_url="embedded://memory", pool_size=4)
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
    made = service()
    ports = await shop.open(made, urls["catalog"])
    try:
        await shop.follow(made)
        shop.work(made)
        counter = Counter(shop, made)
        done = await ports.db.fetchval("SELECT rows_done FROM import_run")
        assert done >= 1000
        assert await ports.db.fetchval("SELECT count(*) FROM variant") == done
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=HERE.parents[3])
        said, _ = await process.communicate()
        assert said.splitlines()[-1] == f"done {done} 2600 2600 0".encode()

        async def all_found() -> bool:
            return bool((await counter.json("/v1/search?q=thing"))["total"] == 2600)

        await eventually(all_found)
        assert await counter.broken() == []
    finally:
        await shop.close()
