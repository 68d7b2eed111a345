"""What an operator does when something is wrong: see it, mend it, see that it holds again."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banyan import topology
from banyan.catalog import importing
from banyan.commands import opened
from banyan.contracts.inventory import AvailabilityChanged, SetStock, StockCount
from banyan.foundation import outbox, settings
from banyan.foundation.db import Tx
from banyan.foundation.inbox import ATTEMPTS, Inbox
from banyan.foundation.running import Shop, inbox_of
from tests.process.cli import Said, banyan
from tests.trial.test_invariants import SKU, buy


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Shop]:
    """A shop's data folder as commands open it, with one confirmed order; nothing moves in it by itself."""
    folder = Path(tempfile.mkdtemp(prefix="banyan-m-"))
    folder.chmod(0o755)
    async with opened(settings.read({}, data_dir=folder), *topology.SERVICES) as process:
        price = {"amount": 1999, "currency": "EUR"}
        await importing.import_rows(process.shop.ports["catalog"], [{"sku": SKU, "name": "Proof", "price": price}])
        await process.shop.peers.ask(SetStock(counts=(StockCount(sku=SKU, on_hand=10),)))
        await buy(process.shop, "tok_ok")
        await deliver(process.shop, inbox_of(topology.service("catalog"), process.shop.ports["catalog"]))
        yield process.shop
    shutil.rmtree(folder, ignore_errors=True)


async def deliver(shop: Shop, box: Inbox) -> None:
    """Move what inventory told to the bus, and hand it to this inbox."""
    while await outbox.relay_once(shop.ports["inventory"].db, shop.bus):
        pass
    while await shop.bus.deliver(box.consumer, box.topics, box.take):
        pass


async def run(shop: Shop, *words: str) -> Said:
    """A command on the shop's data."""
    said = await banyan(*words, "--data-dir", str(shop.settings.data_dir))
    assert said.plain(), said.err
    return said


async def broken(shop: Shop) -> list[str]:
    """Invariants that do not hold. Nobody relays what this shop tells, so that its facts wait (I20) on a slow machine."""
    found = (await run(shop, "invariants", "--json")).json()
    return [each["id"] for each in found if each["violations"] and each["id"] != "I20"]


async def test_a_broken_invariant_is_told_with_its_rows_and_as_an_exit_status(shop: Shop) -> None:
    db = shop.ports["inventory"].db
    await db.execute("UPDATE level SET reserved = reserved + 3")
    told, by_program = await run(shop, "invariants"), await run(shop, "invariants", "--json")
    await db.execute("UPDATE level SET reserved = reserved - 3")
    assert (told.status, by_program.status) == (1, 1)
    assert "I5 inventory: {'sku': 'PROOF-1'" in told.out
    [levels] = [each for each in by_program.json() if each["violations"] and each["id"] != "I20"]
    assert (levels["id"], levels["service"]) == ("I5", "inventory")
    assert levels["rows"][0] | {"warehouse_id": ""} == {
        "sku": "PROOF-1",
        "warehouse_id": "",
        "reserved": 3,
        "units": None,
    }
    assert await broken(shop) == []


async def test_a_view_that_differs_from_its_facts_is_found_and_repaired(shop: Shop) -> None:
    db = shop.ports["orders"].db
    id, was = await db.fetchrow("SELECT order_id, email FROM order_view") or ("", "")
    await db.execute("UPDATE order_view SET email = 'somebody@else.example'")
    found = await run(shop, "orders", "rebuild")
    assert (found.status, id in found.out) == (1, True)
    assert await db.fetchval("SELECT email FROM order_view") == "somebody@else.example"
    mended = await run(shop, "orders", "rebuild", "--repair")
    assert (mended.status, f"{id} (repaired)" in mended.out) == (0, True)
    assert await db.fetchval("SELECT email FROM order_view") == was
    assert (await run(shop, "orders", "rebuild", "--json")).json() == {"orders": 1, "wrong": [], "repaired": False}


async def park(shop: Shop, sku: str) -> int:
    """An event that catalog could not handle, as often as it is tried; its number."""
    ports, inventory = shop.ports["catalog"], shop.ports["inventory"]

    async def fail(_: Tx, event: AvailabilityChanged) -> None:
        raise RuntimeError(f"nobody can read {event.sku}")

    box = Inbox(ports.db, "catalog", {AvailabilityChanged: fail}, ids=ports.ids)
    async with inventory.db.transaction() as tx:
        tx.tell(*(AvailabilityChanged(sku=sku, available=yes) for yes in (False, True)))
    await deliver(shop, box)
    for _ in range(ATTEMPTS):
        await ports.db.execute("UPDATE stuck SET next_at = shop_now() WHERE next_at IS NOT NULL")
        await box.retry_due()
    return int(await ports.db.fetchval("SELECT min(seq) FROM stuck WHERE key = $1", sku))


async def test_an_event_that_was_parked_is_listed_and_handled_once_it_is_retried(shop: Shop) -> None:
    number = await park(shop, "PARKED-1")
    listed, [row] = await run(shop, "parked", "list"), (await run(shop, "parked", "list", "--json")).json()
    assert (row["service"], row["seq"], row["key"], row["behind"], row["attempts"]) == (
        "catalog",
        number,
        "PARKED-1",
        1,
        ATTEMPTS,
    )
    assert row["parked_at"]
    for word in ("inventory.AvailabilityChanged", "PARKED-1", "nobody can read PARKED-1", "parked"):
        assert word in " ".join(listed.out.split())
    assert (await run(shop, "parked", "retry", "catalog", str(number))).out == f"catalog tries event {number} again.\n"
    box = inbox_of(topology.service("catalog"), shop.ports["catalog"])
    while await box.retry_due():
        pass
    assert (await run(shop, "parked", "list")).out == "Nothing waits.\n"


async def test_an_event_that_is_given_up_lets_its_stream_go_on(shop: Shop) -> None:
    number = await park(shop, "PARKED-2")
    said = await run(shop, "parked", "discard", "catalog", str(number))
    assert said.out == f"Event {number} of catalog is given up; its stream goes on.\n"
    [row] = (await run(shop, "parked", "list", "--json")).json()
    assert (row["seq"], row["behind"]) == (number + 1, 0)
    gone = await run(shop, "parked", "discard", "catalog", str(number))
    assert (gone.status, gone.err) == (1, "banyan: no event waits under this number\n")
    assert (await run(shop, "parked", "discard", "catalog", str(number + 1))).status == 0
    assert await broken(shop) == []


async def test_a_schema_of_a_newer_version_is_left_alone(shop: Shop) -> None:
    db = shop.ports["users"].db
    await db.execute("INSERT INTO schema_step VALUES ('users', 99, '0099_later', '', DEFAULT, 99)")
    said = await run(shop, "db", "upgrade", "users")
    await db.execute("DELETE FROM schema_step WHERE number = 99")
    assert said.status == 1
    assert said.err.startswith("banyan: the database of users is at step ")
    assert said.err.endswith("Use a newer one.\n")
    assert (await run(shop, "db", "upgrade", "users")).out == "Everything was up to date.\n"
