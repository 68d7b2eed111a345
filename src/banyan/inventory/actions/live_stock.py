"""Live stock numbers in the cache that processes share: what shoppers are told can be bought, never what decides a sale.

They follow the facts that inventory told, each time read whole from the database and marked with when it was so; an older
reading never replaces a newer one. A number lasts seconds only, which bounds what no fact tells of (a hold whose time is
over, a warehouse that closes), and who finds none reads the database and leaves it for the next. With a cache of each
process's own there are none: the database is as near.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from banyan.foundation.db import Row
from banyan.foundation.envelope import Envelope
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.look_up import stock_of
from banyan.kernel.refusals import Unavailable

Shown = Row | Mapping[str, Any]
SECONDS = 5.0
GATHER = 0.04  # seconds in which facts come together: many sales of a SKU are one reading of it
_SHOWN = ("sku", "available", "backorder", "low")
_TOPICS = frozenset({"inventory"})
_IDLE, _RARELY = 1.0, 3600.0


async def stock_shown(ports: Ports, skus: list[str]) -> Sequence[Shown]:
    """How many can be bought of these SKUs, in the order asked; unknown ones are absent. May be a moment old."""
    if not ports.cache.shared:
        return await stock_of(ports, skus)
    kept = await ports.cache.get_newest([_key(sku) for sku in skus])
    found: dict[str, Shown] = {each["sku"]: each for each in map(orjson.loads, kept.values())}
    if missing := [sku for sku in skus if sku not in found]:
        found |= {row["sku"]: row for row in await _refresh(ports, missing)}
    return [found[sku] for sku in dict.fromkeys(skus) if sku in found]


async def keep_live(ports: Ports) -> float:
    """Bring the numbers up to date as facts come, in one process for all. Seconds until the next pass."""
    if not ports.cache.shared:
        return _RARELY
    bell = ports.bus.bell(_TOPICS)
    while True:
        try:
            while await ports.bus.deliver("inventory live", _TOPICS, partial(_take, ports)):
                await ports.clock.sleep(GATHER)
        except Unavailable:
            await ports.clock.sleep(_IDLE)
        await bell.wait(_IDLE)


async def _take(ports: Ports, facts: Sequence[Envelope]) -> None:
    if skus := {sku for fact in facts for sku in _skus(fact.data)}:
        await _refresh(ports, skus)


def _skus(told: Mapping[str, Any]) -> Iterable[str]:
    """The SKUs that a fact of inventory speaks of."""
    if "sku" in told:
        yield told["sku"]
    for line in told.get("lines", ()):
        yield line["sku"]
    for parcel in told.get("parcels", ()):
        yield from _skus(parcel)


async def _refresh(ports: Ports, skus: Collection[str]) -> list[Row]:
    """Read how it stands with these SKUs, and leave it for all."""
    rows = await storage.look_up_as_of(ports.db, skus)
    if rows:
        values = {_key(row["sku"]): orjson.dumps({name: row[name] for name in _SHOWN}) for row in rows}
        await ports.cache.put_newest(values, version=rows[0]["as_of"], seconds=SECONDS)
    return rows


def _key(sku: str) -> str:
    return f"stock:{sku}"
