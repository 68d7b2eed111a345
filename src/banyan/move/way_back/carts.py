"""Carts that changed on our side: no facts are told of them, so orders is asked now and then, and once more in a revert."""

from banyan.contracts.legacy import CartsTouched
from banyan.move.storage import back
from banyan.move.storage.groups import Group
from banyan.move.way_back.ground import Ground

EVERY = 2.0  # seconds
MOST = 1000
REMEMBERED = 20_000  # carts
LAST = "R7"
"""The step of a revert in which all carts are asked for, once: nobody can change one any more."""


async def hear_carts(ground: Ground, group: Group, heard: dict[str, str]) -> int:
    """Mark the carts that changed since they were last asked for; how many. Some are told of more than once: those that are
    as they were when they were `heard` of (id → mark) are left alone."""
    since, _ = await back.carts_since(ground.ports.db, group.name)
    count = 0
    while True:
        touched = await ground.ports.peers.ask(CartsTouched(since=since, most=MOST))
        now, since = ground.ports.clock.now(), touched.until
        last = len(touched.ids) < MOST
        marks = dict(zip(touched.ids, touched.marks or ("",) * len(touched.ids), strict=True))
        changed = {id_: mark for id_, mark in marks.items() if not mark or heard.get(id_) != mark}
        async with ground.ports.db.transaction() as tx:
            await back.mark(tx, group.name, {("cart", id_): now for id_ in changed})
            epoch = group.epoch if last and group.step == LAST else 0
            await back.carts_heard(tx, group.name, since, epoch)
        if len(heard) > REMEMBERED:
            heard.clear()
        heard |= changed
        count += len(changed)
        if last:
            return count


async def all_heard(ground: Ground, group: str, epoch: int) -> bool:
    """Whether all carts were asked for in the revert of this epoch."""
    _, heard = await back.carts_since(ground.ports.db, group)
    return heard >= epoch
