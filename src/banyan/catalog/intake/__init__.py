"""Categories, brands and products that an old shop hands over. Taken idempotently, newest wins; told as edits are.

What foundation.taking says of versions, of whose a record is and of the way back holds here.
"""

from banyan.catalog.intake.products import PRODUCT
from banyan.catalog.intake.shelves import BRAND, CATEGORY
from banyan.contracts.legacy import CatalogHandOver, CatalogTake, Fates, Handed
from banyan.foundation import taking
from banyan.foundation.service import Ports

KINDS = (CATEGORY, BRAND, PRODUCT)  # what a product names comes before it


async def take(ports: Ports, call: CatalogTake) -> Fates:
    return await taking.take(ports, KINDS, call.records, again=call.again)


async def hand_over(ports: Ports, call: CatalogHandOver) -> Handed:
    return await taking.hand_over(ports, KINDS, call.kind, call.ids)
