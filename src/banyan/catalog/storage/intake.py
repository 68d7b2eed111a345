"""Categories, brands and products that an old shop hands over; of products many in one statement."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from banyan.foundation.db import Row, Tx

Rows = Sequence[Mapping[str, Any]]

_PRODUCTS = """
SELECT p.*, ARRAY(SELECT slug FROM product_slug WHERE product_id = p.id) AS slugs,
    ARRAY(SELECT path FROM media WHERE product_id = p.id ORDER BY position, id) AS images,
    coalesce((SELECT jsonb_object_agg(a.name, given.value) FROM jsonb_each(p.attributes) AS given
              JOIN attribute AS a ON a.code = given.key), '{}') AS told,
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', v.id, 'sku', v.sku, 'options', v.options, 'position', v.position, 'weight_g', v.weight_g,
        'prices', coalesce((SELECT jsonb_object_agg(currency, amount) FROM price WHERE variant_id = v.id), '{}'))
        ORDER BY v.position, v.id) FROM variant AS v WHERE v.product_id = p.id), '[]') AS variants
FROM product AS p WHERE p.id = ANY($1)"""
_NAMES = "id slug name description brand_id category_id status attributes popularity created_at"
_UNNEST = """unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
    $9::integer[], $10::timestamptz[])"""
_ADD = f"""
INSERT INTO product ({_NAMES.replace(" ", ", ")}) SELECT * FROM {_UNNEST}"""
_CHANGE = f"""
UPDATE product AS p SET slug = n.slug, name = n.name, description = n.description, brand_id = n.brand_id,
    category_id = n.category_id, status = n.status, attributes = n.attributes, popularity = n.popularity,
    created_at = n.created_at, version = p.version + 1, revision = p.revision + 1, updated_at = shop_now()
FROM {_UNNEST} AS n ({_NAMES.replace(" ", ", ")}) WHERE p.id = n.id"""
_CHANGE_VARIANTS = """
UPDATE variant AS v SET options = n.options, option_key = n.option_key, weight_g = n.weight_g, position = n.position
FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::integer[], $5::integer[])
    AS n (id, options, option_key, weight_g, position)
WHERE v.id = n.id"""
_KEEP_PRICES = """
DELETE FROM price AS p USING unnest($1::text[]) AS v (id)
WHERE p.variant_id = v.id
  AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS kept (id, code) WHERE kept = (p.variant_id, p.currency))"""
_DETACHED = """
UPDATE product SET {column} = NULL, version = version + 1, revision = revision + 1, updated_at = shop_now()
WHERE {column} = $1 RETURNING id, slug, status"""


async def products(tx: Tx, ids: Collection[str]) -> dict[str, Row]:
    """These products with all their parts, by id. `told`: attributes by name."""
    return {row["id"]: row for row in await tx.fetch(_PRODUCTS, list(ids))}


async def lock_products(tx: Tx, ids: Collection[str]) -> None:
    """Nobody else changes these meanwhile."""
    await tx.execute("SELECT FROM product WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(ids))


async def variants_of(tx: Tx, ids: Collection[str], skus: Collection[str]) -> list[Row]:
    """Variants by id or SKU, whosever they are."""
    return await tx.fetch(
        "SELECT id, sku, product_id FROM variant WHERE id = ANY($1) OR sku = ANY($2)", list(ids), list(skus)
    )


async def slug_owners(tx: Tx, slugs: Collection[str]) -> dict[str, str]:
    rows = await tx.fetch("SELECT slug, product_id FROM product_slug WHERE slug = ANY($1)", list(slugs))
    return {row["slug"]: row["product_id"] for row in rows}


async def there(tx: Tx, table: str, ids: Collection[str]) -> set[str]:
    """Which of these brands or categories are there; they stay until this transaction ends."""
    if table not in ("brand", "category"):
        raise ValueError(table)
    rows = await tx.fetch(f"SELECT id FROM {table} WHERE id = ANY($1) ORDER BY id FOR KEY SHARE", list(ids))
    return {row["id"] for row in rows}


async def came_and_went(tx: Tx, ids: Collection[str]) -> set[str]:
    """Which of these brands or categories were taken over once; those that are not there were removed since."""
    rows = await tx.fetch("SELECT id FROM taken WHERE kind IN ('brand', 'category') AND id = ANY($1)", list(ids))
    return {row["id"] for row in rows}


async def add_products(tx: Tx, rows: Rows) -> None:
    await tx.execute(_ADD, *_columns(rows, _NAMES))


async def own_slugs(tx: Tx, rows: Rows) -> None:
    """UniqueViolationError when one is another product's."""
    await tx.execute(
        "INSERT INTO product_slug (slug, product_id) SELECT * FROM unnest($1::text[], $2::text[])",
        *_columns(rows, "slug id"),
    )


async def change_products(tx: Tx, rows: Rows) -> None:
    await tx.execute(_CHANGE, *_columns(rows, _NAMES))


async def remove_variants(tx: Tx, ids: Sequence[str]) -> None:
    await tx.execute("DELETE FROM variant WHERE id = ANY($1)", list(ids))


async def change_variants(tx: Tx, rows: Rows) -> None:
    await tx.execute(_CHANGE_VARIANTS, *_columns(rows, "id options option_key weight_g position"))


async def keep_prices(tx: Tx, rows: Rows) -> None:
    """Take away what these variants cost in other currencies than these. `rows`: variant_id and currency."""
    await tx.execute(_KEEP_PRICES, sorted({row["variant_id"] for row in rows}), *_columns(rows, "variant_id currency"))


async def forget_prices(tx: Tx, variant_ids: Sequence[str]) -> None:
    await tx.execute("DELETE FROM price WHERE variant_id = ANY($1)", list(variant_ids))


async def forget_pictures(tx: Tx, product_ids: Sequence[str]) -> None:
    await tx.execute("DELETE FROM media WHERE product_id = ANY($1)", list(product_ids))


async def detach(tx: Tx, column: str, id: str) -> list[Row]:
    """Take a brand or category off all products that have it; id, slug and status of these."""
    if column not in ("brand_id", "category_id"):
        raise ValueError(column)
    return await tx.fetch(_DETACHED.format(column=column), id)


async def revise_of_brand(tx: Tx, brand_id: str) -> list[Row]:
    """Count a change for every product of the brand."""
    return await tx.fetch(
        "UPDATE product SET revision = revision + 1 WHERE brand_id = $1 RETURNING id, slug, status", brand_id
    )


async def brands(tx: Tx) -> dict[str, Row]:
    """All of them: a shop has some hundred."""
    return {row["id"]: row for row in await tx.fetch("SELECT id, name, name_key, slug FROM brand")}


async def lock_brands(tx: Tx) -> None:
    """Nobody else takes brands over meanwhile."""
    await tx.execute("SELECT pg_advisory_xact_lock(7074)")


async def rename_brand(tx: Tx, brand_id: str, name: str, name_key: str) -> None:
    await tx.execute("UPDATE brand SET name = $2, name_key = $3 WHERE id = $1", brand_id, name, name_key)


async def remove_brand(tx: Tx, brand_id: str) -> None:
    await tx.execute("DELETE FROM brand WHERE id = $1", brand_id)


async def tree(tx: Tx) -> dict[str, dict[str, Any]]:
    """All categories. Lock the tree first."""
    rows = await tx.fetch("SELECT id, parent_id, name, name_key, slug, position, path FROM category")
    return {row["id"]: dict(row) for row in rows}


def _columns(rows: Rows, names: str) -> list[list[Any]]:
    return [[row[name] for row in rows] for name in names.split()]
