"""The faults there are: what each does to a cluster that is at work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from banyan.cluster.running import Cluster
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import NotFound

_JOINS = 3  # that a group is shared anew, by a copy that comes and goes
_STAYS = 2.0  # seconds between its coming and its going


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` returns when the fault is done; what mends it is the cluster's business, or the shop's."""

    name: str
    strike: Callable[[Cluster, Clock], Awaitable[None]]


def _a_copy_of(service: str) -> Fault:
    async def strike(cluster: Cluster, _: Clock) -> None:
        await asyncio.to_thread(cluster.programs[f"{service}-1"].stop, kill=True)

    return Fault(f"{service} killed", strike)


def _all_copies_of(service: str) -> Fault:
    async def strike(cluster: Cluster, _: Clock) -> None:
        mine = [program for label, program in cluster.programs.items() if label.rpartition("-")[0] == service]
        await asyncio.gather(*(asyncio.to_thread(program.stop, kill=True) for program in mine))

    return Fault(f"every {service} killed", strike)


async def _kill_kafka(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.kafka.stop, kill=True)


async def _kill_redis(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.redis.stop, kill=True)


async def _kill_opensearch(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.opensearch.stop, kill=True)


async def _kill_the_primary(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.postgres.kill, cluster.postgres.primary)


async def _kill_the_standby(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.postgres.kill, cluster.postgres.standby)


async def _flush(cluster: Cluster, _: Clock) -> None:
    await asyncio.to_thread(cluster.redis.flush)


async def _rebalance(cluster: Cluster, clock: Clock) -> None:
    """A third copy of orders comes and goes, so that its groups share their partitions anew each time."""
    for _ in range(_JOINS):
        joined = cluster.more("orders")
        await cluster.until_ready(joined)
        await clock.sleep(_STAYS)
        await asyncio.to_thread(cluster.less, joined, kill=True)


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        *map(_a_copy_of, ("gateway", "storefront", "users", "catalog", "inventory", "orders", "payments")),
        *map(_all_copies_of, ("inventory", "payments")),
        Fault("kafka killed", _kill_kafka),
        Fault("redis killed", _kill_redis),
        Fault("redis flushed", _flush),
        Fault("opensearch killed", _kill_opensearch),
        Fault("primary database killed", _kill_the_primary),
        Fault("standby database killed", _kill_the_standby),
        Fault("consumers come and go", _rebalance),
    )
}
"""By name, in the order in which a trial goes through them."""


def chosen(names: "tuple[str, ...]") -> list[Fault]:
    """These, or all of them. NotFound names what is known."""
    for each in names:
        if each not in FAULTS:
            raise NotFound(f"there is no fault {each!r}; known: {', '.join(FAULTS)}")
    return [FAULTS[each] for each in names] or list(FAULTS.values())
