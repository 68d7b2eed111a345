"""What the catalogue does when others speak: it notes what can be bought."""

from banyan.catalog.domain.naming import is_sku
from banyan.catalog.storage import products
from banyan.contracts.catalog import ProductChanged
from banyan.contracts.inventory import AvailabilityChanged
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports


async def note_availability(ports: Ports, tx: Tx, event: AvailabilityChanged) -> None:
    """Shoppers see it at once. A SKU we do not know yet is remembered: its variant may be on the way."""
    if not is_sku(event.sku) or not await products.note_availability(tx, event.sku, event.available):
        return
    product = await products.revise_of_sku(tx, event.sku)
    if product is not None:
        published = product["status"] == "published"
        tx.tell(ProductChanged(product_id=product["id"], slug=product["slug"], published=published))
