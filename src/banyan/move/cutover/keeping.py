"""What whoever works on a move does besides: every group's way back, and what the rows say kept true. For `Mover.besides`."""

import asyncio
from contextlib import suppress

from banyan.move.cutover.attempt import Crossed
from banyan.move.cutover.owned import holdings, kinds, services
from banyan.move.cutover.reconcile import finish, reconcile
from banyan.move.storage import groups, hands
from banyan.move.way_back.ground import Ground, Moves, ground_of
from banyan.move.way_back.working import WayBack

LOOK = 0.2  # seconds between looks at which groups go back, and at what is late
SETTLE = 5.0  # seconds between looks at fences and tenures


def way_back_of(ground: Ground, group: str) -> WayBack:
    """The way back of one group."""
    mine = holdings(ground.adapter, ground.tables, group)
    by_table = {table.name: name for name, table in ground.tables.items()}
    owned = {by_table[each.table.name]: (frozenset(each.columns), each.whole) for each in mine}
    return WayBack(ground, group, services(ground.adapter, group), kinds(ground.adapter, group), owned)


async def way_backs(mover: Moves) -> None:
    """Run the way back of every group that our side owns; until cancelled, or until one of them fails."""
    ground = await ground_of(mover)
    running: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            for name, group in (await groups.read(ground.ports.db)).items():
                if group.owner == "new" and group.way_back_from is not None and name not in running:
                    running[name] = asyncio.create_task(way_back_of(ground, name).run(), name=f"way back of {name}")
            for name, task in list(running.items()):
                if task.done():
                    del running[name]
                    task.result()
            await ground.ports.clock.sleep(LOOK)
    finally:
        for task in running.values():
            task.cancel()
        for task in running.values():
            with suppress(asyncio.CancelledError, Exception):
                await task


async def reconciling(mover: Moves) -> None:
    """What the rows say is kept true; until cancelled."""
    await keep_true(await ground_of(mover))


async def keep_true(ground: Ground, crossed: Crossed = lambda step: None) -> None:
    """Finish what a crash left, at once; look after fences and tenures now and then. Until cancelled."""
    looked = float("-inf")
    while True:
        for name in await hands.overdue(ground.ports.db):
            await finish(ground, name, crossed)
        if ground.ports.clock.monotonic() - looked >= SETTLE:
            looked = ground.ports.clock.monotonic()
            await reconcile(ground)
        await ground.ports.clock.sleep(LOOK)


BESIDES = {"way back": way_backs, "reconciling": reconciling}
