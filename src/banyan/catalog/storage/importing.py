"""What an import reads and writes: many products in one statement, and how far the file has come."""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.catalog.storage.products import meet
from banyan.foundation.db import Connection, Db, Tx

Rows = Sequence[Mapping[str, Any]]

_PRESENT = """
WITH asked AS (
    SELECT product_id AS id FROM variant WHERE sku = ANY($1)
    UNION SELECT id FROM product WHERE handle = ANY($2)
    UNION SELECT product_id FROM product_slug WHERE slug = ANY($2)
)
SELECT p.id, p.slug, p.handle, p.name, p.description, p.brand_id, p.category_id, p.status, p.attributes, p.popularity,
    p.tax_class, p.revision,
    ARRAY(SELECT slug FROM product_slug WHERE product_id = p.id) AS slugs,
    ARRAY(SELECT path FROM media WHERE product_id = p.id ORDER BY position, id) AS images,
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', v.id, 'sku', v.sku, 'options', v.options, 'option_key', v.option_key, 'position', v.position,
        'weight_g', v.weight_g,
        'prices', coalesce((SELECT jsonb_object_agg(currency, amount) FROM price WHERE variant_id = v.id), '{}')))
        FROM variant AS v WHERE v.product_id = p.id), '[]') AS variants
FROM asked JOIN product AS p USING (id)"""
_ADD_PRODUCTS = """
INSERT INTO product (id, slug, handle, name, description, brand_id, category_id, status, attributes, popularity,
                     tax_class)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::jsonb[], $10::integer[], $11::text[])"""
_OWN_SLUGS = "INSERT INTO product_slug (slug, product_id) SELECT * FROM unnest($1::text[], $2::text[])"
_CHANGE_PRODUCTS = """
UPDATE product AS p SET slug = n.slug, name = n.name, description = n.description, brand_id = n.brand_id,
    category_id = n.category_id, status = n.status, attributes = n.attributes, popularity = n.popularity,
    tax_class = n.tax_class, version = p.version + 1, revision = p.revision + 1, updated_at = shop_now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
            $9::integer[], $10::text[], $11::bigint[])
    AS n (id, slug, name, description, brand_id, category_id, status, attributes, popularity, tax_class, revision)
WHERE p.id = n.id AND p.revision = n.revision"""
_ADD_VARIANTS = """
INSERT INTO variant (id, product_id, sku, options, option_key, position, weight_g)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::integer[], $7::integer[])"""
_CHANGE_VARIANTS = """
UPDATE variant AS v SET options = n.options, option_key = n.option_key, weight_g = n.weight_g
FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::integer[]) AS n (id, options, option_key, weight_g)
WHERE v.id = n.id"""
_SET_PRICES = """
INSERT INTO price (variant_id, currency, amount) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (variant_id, currency) DO UPDATE SET amount = excluded.amount"""
_FORGET_MEDIA = """
DELETE FROM media AS m USING unnest($1::text[]) AS p (id)
WHERE m.product_id = p.id
  AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS kept (id, path) WHERE kept = (m.product_id, m.path))"""
_SET_MEDIA = """
INSERT INTO media (id, product_id, path, position)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[])
ON CONFLICT (product_id, path) DO UPDATE SET position = excluded.position"""
_CLAIM = """
INSERT INTO import_claim AS c (run_id, sku, row_number) SELECT $1, * FROM unnest($2::text[], $3::bigint[])
ON CONFLICT (run_id, sku) DO UPDATE SET row_number = least(c.row_number, excluded.row_number)
RETURNING sku, row_number"""


async def present(tx: Tx, skus: Sequence[str], handles: Sequence[str]) -> list[dict[str, Any]]:
    """Every product that has one of these SKUs, or is called by one of these handles or slugs, with its variants."""
    return [dict(row) for row in await tx.fetch(_PRESENT, list(skus), list(handles))]


async def add_products(tx: Tx, rows: Rows) -> None:
    """UniqueViolationError when a slug or handle is taken."""
    names = "id slug handle name description brand_id category_id status attributes popularity tax_class"
    await tx.execute(_ADD_PRODUCTS, *_columns(rows, names))


async def own_slugs(tx: Tx, rows: Rows) -> None:
    """Slugs become their products' for ever. UniqueViolationError when one is taken."""
    await tx.execute(_OWN_SLUGS, *_columns(rows, "slug id"))


async def change_products(tx: Tx, rows: Rows) -> int:
    """How many were still at the revision they were read at; the others stay as they are."""
    names = "id slug name description brand_id category_id status attributes popularity tax_class revision"
    return await tx.execute(_CHANGE_PRODUCTS, *_columns(rows, names))


async def change_variants(tx: Tx, rows: Rows) -> None:
    await tx.execute(_CHANGE_VARIANTS, *_columns(rows, "id options option_key weight_g"))


async def add_variants(tx: Tx, rows: Rows) -> None:
    """UniqueViolationError when a SKU is taken."""
    await meet(tx, [row["sku"] for row in rows])
    await tx.execute(_ADD_VARIANTS, *_columns(rows, "id product_id sku options option_key position weight_g"))


async def set_prices(tx: Tx, rows: Rows) -> None:
    await tx.execute(_SET_PRICES, *_columns(rows, "variant_id currency amount"))


async def set_media(tx: Tx, rows: Rows) -> None:
    """The pictures of these products, all of them and in this order. What is told of those that stay, stays."""
    await tx.execute(_FORGET_MEDIA, sorted({row["product_id"] for row in rows}), *_columns(rows, "product_id path"))
    await tx.execute(_SET_MEDIA, *_columns(rows, "id product_id path position"))


async def claim(tx: Tx, run_id: str, skus: Sequence[str], numbers: Sequence[int]) -> dict[str, int]:
    """Which row of the file had each of these SKUs first; `skus` has none twice."""
    return {row["sku"]: row["row_number"] for row in await tx.fetch(_CLAIM, run_id, list(skus), list(numbers))}


async def hold(con: Connection, run_id: str) -> bool:
    """Be the only one who imports this file, until the connection lets go."""
    return bool(await con.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 7072))", run_id))


async def begin(tx: Tx, run_id: str, name: str) -> dict[str, Any]:
    """The run as it was left: rows done, counts so far, stock not told yet. One that had finished begins anew."""
    await tx.execute("DELETE FROM import_run WHERE started_at < shop_now() - interval '7 days' AND id <> $1", run_id)
    await tx.execute(
        """INSERT INTO import_run AS r (id, name) VALUES ($1, $2)
           ON CONFLICT (id) DO UPDATE SET rows_done = 0, counts = '{}', stock = '[]', finished_at = NULL,
               started_at = shop_now() WHERE r.finished_at IS NOT NULL""",
        run_id,
        name,
    )
    row = await tx.fetchrow("SELECT rows_done, counts, stock FROM import_run WHERE id = $1", run_id)
    assert row is not None
    return dict(row)


async def advance(tx: Tx, run_id: str, rows_done: int, counts: Mapping[str, int], stock: Sequence[Any]) -> None:
    await tx.execute(
        "UPDATE import_run SET rows_done = $2, counts = $3, stock = $4 WHERE id = $1",
        run_id,
        rows_done,
        dict(counts),
        list(stock),
    )


async def finish(tx: Tx, run_id: str, *, forget: bool) -> None:
    """The file is through. `forget`: nobody will ask for this run again."""
    await tx.execute("DELETE FROM import_claim WHERE run_id = $1", run_id)
    if forget:
        await tx.execute("DELETE FROM import_run WHERE id = $1", run_id)
    else:
        await tx.execute("UPDATE import_run SET finished_at = shop_now(), stock = '[]' WHERE id = $1", run_id)


async def exported(db: Db, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of whole products, by id, as export writes them."""
    rows = await db.fetch(
        """SELECT p.*, b.name AS brand,
               ARRAY(SELECT path FROM media WHERE product_id = p.id ORDER BY position, id) AS images,
               ARRAY(SELECT a.name FROM category AS c JOIN category AS a ON a.id = ANY(c.path)
                     WHERE c.id = p.category_id ORDER BY cardinality(a.path)) AS categories,
               coalesce((SELECT jsonb_agg(jsonb_build_object('sku', v.sku, 'options', v.options, 'weight_g', v.weight_g,
                   'prices', coalesce((SELECT jsonb_object_agg(currency, amount) FROM price
                                       WHERE variant_id = v.id), '{}')) ORDER BY v.position, v.id)
                   FROM variant AS v WHERE v.product_id = p.id), '[]') AS variants
           FROM product AS p LEFT JOIN brand AS b ON b.id = p.brand_id WHERE p.id > $1 ORDER BY p.id LIMIT $2""",
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def extent(db: Db) -> tuple[int, list[str]]:
    """How many variants there are, and in which currencies."""
    count = await db.fetchval("SELECT count(*) FROM variant")
    rows = await db.fetch("SELECT DISTINCT currency FROM price ORDER BY currency")
    return count, [row["currency"] for row in rows]


def _columns(rows: Rows, names: str) -> list[list[Any]]:
    return [[row[name] for row in rows] for name in names.split()]
