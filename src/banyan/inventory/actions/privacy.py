"""What inventory keeps of a person's orders, told. There is nothing to forget: it knows orders by their ids alone."""

from banyan.contracts.privacy import Documents, TellStock
from banyan.foundation.service import Ports
from banyan.inventory.storage import people


async def tell_person(ports: Ports, call: TellStock) -> Documents:
    """Answer TellStock."""
    reservations = await people.reservations(ports.db, call.order_ids)
    movements = await people.movements(ports.db, call.order_ids)
    return Documents(
        items={
            "reservations": tuple(dict(row) for row in reservations),
            "movements": tuple(dict(row) for row in movements),
        }
    )
