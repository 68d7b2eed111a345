"""What trials sell: one product with so many units, put in beside a running shop or before it starts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from banyan import process, topology
from banyan.catalog import importing
from banyan.contracts.inventory import SetStock, StockCount
from banyan.foundation import settings as known
from banyan.foundation.idempotency import Key
from banyan.foundation.operate import Finding
from banyan.inventory.actions.adjust_stock import Adjustment, adjust_stock
from banyan.inventory.actions.keep_warehouses import add_warehouse
from banyan.process import Process
from banyan.trial import invariants

NOTHING: Mapping[str, str] = {}
PRICE = {"amount": 1999, "currency": "EUR"}


async def stock(folder: Path, sku: str, units: int, *, warehouses: int = 1, env: Mapping[str, str] = NOTHING) -> None:
    """Put the product into the shop of this data folder, its units spread over warehouses."""
    async with opened(folder, "catalog", "inventory", env=env) as here:
        ports = here.shop.ports
        await importing.import_rows(
            ports["catalog"], [{"sku": sku, "name": f"Trial {sku}", "price": PRICE, "categories": ["Trial"]}]
        )
        share = units // warehouses
        await here.shop.peers.ask(SetStock(counts=(StockCount(sku=sku, on_hand=units - share * (warehouses - 1)),)))
        for number in range(2, warehouses + 1):
            await _more(here, sku, share, number)


async def proven(folder: Path, env: Mapping[str, str] = NOTHING) -> list[Finding]:
    """Every invariant over the shop of this data folder: those that do not hold."""
    async with opened(folder, *topology.SERVICES, env=env) as here:
        dbs = {name: ports.db for name, ports in here.shop.ports.items()}
        found = await invariants.check(dbs, [topology.service(name) for name in topology.SERVICES])
        return [finding for finding in found if finding.count]


@asynccontextmanager
async def opened(folder: Path, *names: str, env: Mapping[str, str] = NOTHING) -> AsyncIterator[Process]:
    """Services of this data folder, beside the shop or without it. `env`: where its databases and engines are, if not there."""
    here, urls = await process.connect(known.read(env, data_dir=folder, search_url="embedded://memory"), names)
    try:
        for name in names:
            await here.shop.open(topology.service(name), urls[name])
        yield here
    finally:
        await here.close()


async def _more(here: Process, sku: str, units: int, number: int) -> None:
    """So many units in a further warehouse."""
    ports = here.shop.ports["inventory"]
    warehouse = {"name": f"Warehouse {number}", "country": "DE", "priority": number, "active": True}
    made = await add_warehouse(ports, None, warehouse)
    wish = Adjustment(
        sku=sku, warehouse_id=orjson.loads(made.body)["id"], change=units, on_hand=None, kind="received", reason="trial"
    )
    await adjust_stock(ports, Key.of("trial", ports.ids.new("key")), wish, by="trial")
