"""What a cart asks: name and present price of each SKU, in one statement."""

from banyan.catalog.domain.naming import is_sku
from banyan.catalog.domain.shown import address
from banyan.catalog.storage import reading
from banyan.contracts.catalog import AskItems, Item, Items
from banyan.foundation.service import Ports
from banyan.kernel.money import Money


async def items(ports: Ports, asked: AskItems) -> Items:
    """The items found, in the order asked; SKUs nobody knows are absent."""
    skus = [sku for sku in dict.fromkeys(asked.skus) if is_sku(sku)]
    rows = {row["sku"]: row for row in await reading.items(ports.db, skus, asked.currency)}
    return Items(
        items=tuple(
            Item(
                sku=sku,
                variant_id=row["variant_id"],
                product_id=row["product_id"],
                slug=row["slug"],
                name=row["name"],
                options=row["options"],
                image=address(row["image"]) if row["image"] else None,
                price=None if row["amount"] is None else Money(row["amount"], asked.currency),
                sellable=row["published"] and row["amount"] is not None,
                tax_class=row["tax_class"],
                weight_g=row["weight_g"],
            )
            for sku in skus
            if (row := rows.get(sku)) is not None
        )
    )
