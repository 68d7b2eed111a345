"""The trial: a cluster of its own under load, struck again and again; then everything told once more, and the proof."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from banyan.cluster.running import Cluster
from banyan.foundation import choose
from banyan.foundation.bus import Bus
from banyan.foundation.envelope import Envelope
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.faults.known import Fault
from banyan.trial.faults.shopping import Log, Shopping
from banyan.trial.faults.verdict import Struck, Verdict
from banyan.trial.stocking import opened, proven, stock

SKU = "FAULT-1"
_UNITS = 200_000
_TOPICS = frozenset({"users", "catalog", "inventory", "orders", "payments"})
_WELL = 3.0  # seconds without a failed answer after which all is well again
_LEAST = 8.0  # seconds of load after each fault
_LONGEST = 120.0
_REST = 8.0  # seconds for what is under way to come to rest
_TIMES = 10  # that each fact is told again
_AT_ONCE = 500
_TOLD_AGAIN = 2_000  # facts
Say = Callable[[str], None]


async def fault_trial(
    cluster: Cluster, faults: Sequence[Fault], *, parallel: int, clock: Clock, ids: Ids, say: Say = lambda _: None
) -> Verdict:
    """Strike a running cluster with each of these in turn while `parallel` shoppers buy; then prove it."""
    verdict, before = Verdict(), await _placed(cluster)
    await stock(cluster.data, SKU, _UNITS, env=cluster.env)
    bus = await choose.bus(cluster.env["BANYAN_BUS_URL"])
    try:
        beginning = await bus.follow(_TOPICS, None, _nothing)
        shopping = Shopping(cluster.layout.origin, SKU, parallel, clock, ids)
        load = asyncio.create_task(shopping.run())
        await clock.sleep(_LEAST)
        for fault in faults:
            verdict.struck.append(await _strike(fault, cluster, shopping.log, clock))
            say("  ".join(verdict.struck[-1].cells()))
        verdict.redelivered = await _tell_again(bus, beginning, ids)
        await clock.sleep(_REST)
        shopping.going_on = False
        await load
    finally:
        await bus.close()
    await clock.sleep(_REST)
    await _prove(cluster, shopping.log, verdict)
    placed, shoppers = await _placed(cluster) - before, sum(shopping.log.outcomes.values())
    if placed > shoppers:
        verdict.wrong.append(f"{placed} orders of {shoppers} shoppers, each of whom made one")
    return verdict


async def _strike(fault: Fault, cluster: Cluster, log: Log, clock: Clock) -> Struck:
    began = clock.monotonic()
    await fault.strike(cluster, clock)
    struck = clock.monotonic()
    while (now := clock.monotonic()) < struck + _LONGEST:
        well = now - max([struck, *log.failed[-1:]]) > _WELL and any(each > now - _WELL for each in log.confirmed[-9:])
        if well and now > struck + _LEAST and await cluster.is_whole():
            break
        await clock.sleep(0.25)
    failed = [each for each in log.failed if each >= began]
    orders = [each for each in log.confirmed if each >= began]
    marks = [began, *orders, clock.monotonic()]
    gap = max(after - before for before, after in pairwise(marks))
    return Struck(fault.name, len(failed), failed[-1] - began if failed else 0.0, gap, len(orders))


async def _tell_again(bus: Bus, beginning: str, ids: Ids) -> int:
    """The last facts of the run, nine times in disorder and once as if they were a week old. How many were told."""
    told: list[Envelope] = []

    async def take(batch: Sequence[Envelope]) -> None:
        told.extend(batch)

    place, before = beginning, -1
    while len(told) != before or not told:
        before = len(told)
        place = await bus.follow(_TOPICS, place, take)
    kept = told[-_TOLD_AGAIN:]
    sent = 0
    for time in range(_TIMES):
        again = sorted(kept, key=lambda _: ids.fraction())
        if time == _TIMES - 1:
            again = [replace(each, time=each.time - timedelta(days=7)) for each in kept]
        for first in range(0, len(again), _AT_ONCE):
            await bus.publish(again[first : first + _AT_ONCE])
        sent += len(again)
    return sent


async def _placed(cluster: Cluster) -> int:
    """How many orders there are."""
    async with opened(cluster.data, "orders", env=cluster.env) as here:
        return int(await here.shop.ports["orders"].db.fetchval("SELECT count(*) FROM order_view"))


async def _prove(cluster: Cluster, log: Log, verdict: Verdict) -> None:
    """Every order that was acknowledged is there and has ended as its shopper saw it; every invariant holds."""
    async with opened(cluster.data, "orders", env=cluster.env) as here:
        rows = await here.shop.ports["orders"].db.fetch(
            "SELECT order_id, status FROM order_view WHERE order_id = ANY($1)", list(log.orders)
        )
    kept = {row["order_id"]: row["status"] for row in rows}
    verdict.outcomes, verdict.acknowledged = log.outcomes, len(log.orders)
    verdict.wrong = list(log.odd)
    verdict.wrong += [f"order {each} was acknowledged and is not there" for each in log.orders if each not in kept]
    verdict.wrong += [
        f"order {each} was seen {seen} and is {kept[each]}"
        for each, seen in log.orders.items()
        if each in kept and kept[each] != seen
    ]
    verdict.wrong += [
        f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in await proven(cluster.data, cluster.env)
    ]


async def _nothing(_: object) -> None: ...
