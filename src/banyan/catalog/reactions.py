"""What the catalogue does when others speak: it notes what can be bought."""

from collections.abc import Sequence

from banyan.catalog.domain.naming import is_sku
from banyan.catalog.storage import products
from banyan.contracts.catalog import ProductChanged
from banyan.contracts.inventory import AvailabilityChanged
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports


async def note_availability(ports: Ports, tx: Tx, events: Sequence[AvailabilityChanged]) -> None:
    """Shoppers see it at once. A SKU we do not know yet is remembered: its variant may be on the way.

    Two statements however many there are: a catalogue that was counted anew tells of each of its SKUs.
    """
    told = {event.sku: event.available for event in events if is_sku(event.sku)}  # of one SKU the last word counts
    news = await products.note_availability(tx, told) if told else []
    for product in await products.revise_of_skus(tx, news) if news else []:
        published = product["status"] == "published"
        tx.tell(ProductChanged(product_id=product["id"], slug=product["slug"], published=published))
