"""Products and their parts as they are written. Every change of one begins by touching its row, which makes them take turns."""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.catalog.domain.options import option_key
from banyan.foundation.db import Row, Tx

_TOUCH = """
UPDATE product SET version = version + 1, revision = revision + 1, updated_at = shop_now()
WHERE id = $1 RETURNING id, slug, status, version, revision"""
_ADD = """
INSERT INTO product (id, slug, name, description, brand_id, category_id, status, attributes, popularity, tax_class)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_REVISE_OF_SKUS = """
WITH these AS (
    SELECT id FROM product WHERE id IN (SELECT product_id FROM variant WHERE sku = ANY($1))
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE product AS p SET revision = revision + 1 FROM these WHERE p.id = these.id RETURNING p.id, p.slug, p.status"""
_COLUMNS = frozenset(
    ("name", "description", "brand_id", "category_id", "status", "attributes", "popularity", "tax_class", "slug")
)


async def touch(tx: Tx, product_id: str) -> Row | None:
    """Lock the product for this transaction and count the edit; how it stands now. None when there is none."""
    return await tx.fetchrow(_TOUCH, product_id)


async def locked(tx: Tx, product_id: str) -> Row | None:
    """The product, nobody else's to change until this transaction ends."""
    return await tx.fetchrow("SELECT * FROM product WHERE id = $1 FOR UPDATE", product_id)


async def add(tx: Tx, product: Mapping[str, Any]) -> None:
    """A new product with its slug. UniqueViolationError when the slug is another's, now or before."""
    names = ("name", "description", "brand_id", "category_id", "status", "attributes", "popularity", "tax_class")
    await tx.execute(_ADD, product["id"], product["slug"], *(product[name] for name in names))
    await own_slug(tx, product["id"], product["slug"])


async def own_slug(tx: Tx, product_id: str, slug: str) -> None:
    """Make a slug this product's, for ever. UniqueViolationError when it is another's."""
    await tx.execute(
        """INSERT INTO product_slug AS s (slug, product_id) SELECT $2, $1
           WHERE NOT EXISTS (SELECT FROM product_slug WHERE slug = $2 AND product_id = $1)""",
        product_id,
        slug,
    )


async def slug_is_free(tx: Tx, slug: str) -> bool:
    return bool(await tx.fetchval("SELECT NOT EXISTS (SELECT FROM product_slug WHERE slug = $1)", slug))


async def change(tx: Tx, product_id: str, changes: Mapping[str, Any]) -> None:
    """Set columns of a product that is touched already."""
    names = [name for name in changes if name in _COLUMNS]
    if names:
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 2))
        await tx.execute(f"UPDATE product SET {sets} WHERE id = $1", product_id, *(changes[name] for name in names))


async def remove(tx: Tx, product_id: str) -> Row | None:
    """Take a product out with all its parts; None when there is none."""
    return await tx.fetchrow("DELETE FROM product WHERE id = $1 RETURNING id, slug", product_id)


async def meet(tx: Tx, skus: Sequence[str]) -> None:
    """Take these SKUs' places on the availability table before their variants are added, waiting for who is there."""
    await tx.execute(
        """INSERT INTO availability AS a (sku) SELECT sku FROM unnest($1::text[]) AS sku ORDER BY sku
           ON CONFLICT (sku) DO UPDATE SET sku = excluded.sku""",
        sorted(set(skus)),
    )


async def note_availability(tx: Tx, told: Mapping[str, bool]) -> list[str]:
    """Keep what inventory tells of these SKUs; those of which it is news."""
    skus = sorted(told)  # the order in which `meet` takes them
    rows = await tx.fetch(
        """INSERT INTO availability AS a (sku, available) SELECT * FROM unnest($1::text[], $2::bool[])
           ON CONFLICT (sku) DO UPDATE SET available = excluded.available WHERE a.available <> excluded.available
           RETURNING sku""",
        skus,
        [told[sku] for sku in skus],
    )
    return [row["sku"] for row in rows]


async def revise_of_skus(tx: Tx, skus: Sequence[str]) -> list[Row]:
    """Count a change that no operator made, once for each product that has one of these SKUs."""
    return await tx.fetch(_REVISE_OF_SKUS, list(skus))


async def add_variant(tx: Tx, product_id: str, variant: Mapping[str, Any]) -> None:
    """A variant at the end of the product's. UniqueViolationError: its SKU or options are taken."""
    await meet(tx, [variant["sku"]])
    await tx.execute(
        """INSERT INTO variant (id, product_id, sku, options, option_key, weight_g, position)
           SELECT $1, $2, $3, $4, $5, $6, coalesce(max(position) + 1, 0) FROM variant WHERE product_id = $2""",
        variant["id"],
        product_id,
        variant["sku"],
        variant["options"],
        option_key(variant["options"]),
        variant["weight_g"],
    )
    for price in variant["prices"]:
        await set_price(tx, variant["id"], price["currency"], price["amount"])


async def variant(tx: Tx, product_id: str, sku: str) -> Row | None:
    return await tx.fetchrow("SELECT * FROM variant WHERE product_id = $1 AND sku = $2", product_id, sku)


async def count_variants(tx: Tx, product_id: str) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM variant WHERE product_id = $1", product_id))


async def change_variant(tx: Tx, variant_id: str, changes: Mapping[str, Any]) -> None:
    """Set options, position or weight_g. UniqueViolationError: another variant has these options."""
    if "options" in changes:
        changes = {**changes, "option_key": option_key(changes["options"])}
    names = [name for name in changes if name in ("options", "option_key", "position", "weight_g")]
    if names:
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 2))
        await tx.execute(f"UPDATE variant SET {sets} WHERE id = $1", variant_id, *(changes[name] for name in names))


async def remove_variant(tx: Tx, variant_id: str) -> None:
    await tx.execute("DELETE FROM variant WHERE id = $1", variant_id)


async def set_price(tx: Tx, variant_id: str, currency: str, amount: int) -> int | None:
    """The price from now on; what it was, None for nothing."""
    before: int | None = await tx.fetchval(
        "SELECT amount FROM price WHERE variant_id = $1 AND currency = $2", variant_id, currency
    )
    await tx.execute(
        """INSERT INTO price (variant_id, currency, amount) VALUES ($1, $2, $3)
           ON CONFLICT (variant_id, currency) DO UPDATE SET amount = excluded.amount""",
        variant_id,
        currency,
        amount,
    )
    return before


async def remove_price(tx: Tx, variant_id: str, currency: str) -> bool:
    return bool(await tx.execute("DELETE FROM price WHERE variant_id = $1 AND currency = $2", variant_id, currency))


async def can_be_sold(tx: Tx, product_id: str) -> bool:
    """Whether any of its variants has a price."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM variant JOIN price ON variant_id = id WHERE product_id = $1)", product_id
        )
    )


async def picture_paths(tx: Tx, product_id: str) -> list[str]:
    return [row["path"] for row in await tx.fetch("SELECT path FROM media WHERE product_id = $1", product_id)]


async def add_picture(tx: Tx, product_id: str, media_id: str, path: str, alt: str) -> None:
    """At the end of the product's pictures. UniqueViolationError when it has this one already."""
    await tx.execute(
        """INSERT INTO media (id, product_id, path, alt, position)
           SELECT $1, $2, $3, $4, coalesce(max(position) + 1, 0) FROM media WHERE product_id = $2""",
        media_id,
        product_id,
        path,
        alt,
    )


async def remove_picture(tx: Tx, product_id: str, media_id: str) -> str | None:
    """Its path; None when the product has no such picture."""
    path: str | None = await tx.fetchval(
        "DELETE FROM media WHERE id = $2 AND product_id = $1 RETURNING path", product_id, media_id
    )
    return path
