"""Orders whose goods the legacy shop has not yet wait for them: written before, a line would not say which of a product's
variants was sold, and nobody could put that right afterwards.
"""

from collections.abc import Sequence

from banyan.contracts.legacy import OrderRecord, Record
from banyan.move.storage import back, groups
from banyan.move.storage.back import Due
from banyan.move.way_back.ground import Ground

TRIES = 7  # half a minute: a product that does not come by then holds up no money
Todo = Sequence[tuple[Due, Record]]


async def early(ground: Ground, todo: Todo) -> set[str]:
    """The ids of those orders that wait: what they sold is on its way, and not in quarantine."""
    lines = {
        (line.sku, line.product_id, record.id)
        for due, record in todo
        if isinstance(record, OrderRecord) and due.tries < TRIES
        for line in record.lines
        if line.product_id
    }
    if not lines or not await _on_its_way(ground):
        return set()
    coming = await back.coming(ground.ports.db, {(sku, product) for sku, product, _ in lines})
    return {order for sku, product, order in lines if (sku, product) in coming}


async def _on_its_way(ground: Ground) -> bool:
    """Whether products go back too."""
    whose = {view.group for use in ground.adapter.uses.values() for view in use.views if view.kind == "product"}
    known = await groups.read(ground.ports.db)
    return any(
        name in whose and group.owner == "new" and group.way_back_from is not None for name, group in known.items()
    )
