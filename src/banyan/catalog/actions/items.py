"""What carts ask: name and present price of each SKU, for all who ask at the same moment in one statement."""

from collections.abc import Sequence

from banyan.catalog.domain.naming import is_sku
from banyan.catalog.domain.shown import address
from banyan.catalog.storage import reading
from banyan.contracts.catalog import AskItems, Item, Items
from banyan.foundation.db import Row
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.money import Money


async def items(ports: Ports, asked: AskItems) -> Items:
    """The items found, in the order asked; SKUs nobody knows are absent."""
    return await ports.together(_round, asked)


async def _round(ports: Ports, asked: Sequence[Asked[AskItems]]) -> list[Items | Exception]:
    wanted = dict.fromkeys((sku, each.wish.currency) for each in asked for sku in each.wish.skus)
    rows = await reading.items(ports.db, [(sku, currency) for sku, currency in wanted if is_sku(sku)])
    found = {(row["sku"], row["currency"]): _item(row) for row in rows}
    return [
        Items(
            items=tuple(
                item
                for sku in dict.fromkeys(each.wish.skus)
                if (item := found.get((sku, each.wish.currency))) is not None
            )
        )
        for each in asked
    ]


def _item(row: Row) -> Item:
    amount = row["amount"]
    return Item(
        sku=row["sku"],
        variant_id=row["variant_id"],
        product_id=row["product_id"],
        slug=row["slug"],
        name=row["name"],
        options=row["options"],
        image=address(row["image"]) if row["image"] else None,
        price=None if amount is None else Money(amount, row["currency"]),
        sellable=row["published"] and amount is not None,
        tax_class=row["tax_class"],
        weight_g=row["weight_g"],
    )
