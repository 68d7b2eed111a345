"""Products as they are read: one statement finds which and at what revision, one more brings what is not known yet."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from banyan.catalog.domain.product import Status
from banyan.catalog.storage import Asks
from banyan.foundation.db import Row

FORM = 1
"""Of a card as `domain.shown.card` makes it: another one with each change there."""

_VARIANTS = """coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'id', v.id, 'sku', v.sku, 'options', v.options, 'available', a.available, 'weight_g', v.weight_g,
        'prices', coalesce((SELECT jsonb_object_agg(currency, amount) FROM price WHERE variant_id = v.id), '{}')
    ) ORDER BY v.position, v.id)
    FROM variant AS v JOIN availability AS a USING (sku) WHERE v.product_id = p.id), '[]') AS variants"""

_CARDS = f"""
SELECT p.id, p.revision, kept.body, more.*
FROM product AS p LEFT JOIN card AS kept
    ON kept.product_id = p.id AND kept.currency = $2 AND kept.form = $3 AND kept.revision = p.revision
LEFT JOIN LATERAL (
    SELECT p.slug, p.name, p.description, p.status, b.name AS brand, c.slug AS category,
        (SELECT path FROM media WHERE product_id = p.id ORDER BY position, id LIMIT 1) AS image, {_VARIANTS}
    FROM (SELECT) AS one LEFT JOIN brand AS b ON b.id = p.brand_id LEFT JOIN category AS c ON c.id = p.category_id
    WHERE kept.body IS NULL
) AS more ON true
WHERE p.id = ANY($1)"""

_KEEP = """
INSERT INTO card (product_id, currency, form, revision, body)
SELECT p.id, new.currency, $1, new.revision, new.body
FROM unnest($2::text[], $3::text[], $4::int[], $5::bytea[]) AS new (id, currency, revision, body)
JOIN product AS p ON p.id = new.id AND p.revision = new.revision ORDER BY p.id, new.currency
ON CONFLICT (product_id, currency) DO UPDATE SET form = excluded.form, revision = excluded.revision, body = excluded.body
WHERE card.revision <= excluded.revision"""

_WHOLE = f"""
SELECT p.*, b.name AS brand, {_VARIANTS},
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'path', path, 'alt', alt) ORDER BY position, id)
              FROM media WHERE product_id = p.id), '[]') AS images,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'slug', a.slug)
                               ORDER BY cardinality(a.path))
              FROM category AS c JOIN category AS a ON a.id = ANY(c.path) WHERE c.id = p.category_id), '[]')
        AS categories,
    coalesce((SELECT jsonb_agg(jsonb_build_object('code', a.code, 'name', a.name, 'kind', a.kind, 'unit', a.unit,
                                                  'value', given.value) ORDER BY a.code)
              FROM jsonb_each(p.attributes) AS given JOIN attribute AS a ON a.code = given.key), '[]') AS facts
FROM product AS p LEFT JOIN brand AS b ON b.id = p.brand_id WHERE p.id = $1"""

_ITEMS = """
SELECT v.sku, asked.currency, v.id AS variant_id, p.id AS product_id, p.slug, p.name, v.options, v.weight_g, p.tax_class,
    p.status = 'published' AS published, price.amount,
    (SELECT path FROM media WHERE product_id = p.id ORDER BY position, id LIMIT 1) AS image
FROM unnest($1::text[], $2::text[]) AS asked (sku, currency)
JOIN variant AS v ON v.sku = asked.sku JOIN product AS p ON p.id = v.product_id
LEFT JOIN price ON price.variant_id = v.id AND price.currency = asked.currency"""


async def cards(asks: Asks, ids: Sequence[str], currency: str) -> list[Row]:
    """What a list shows of these products, in no order: the `body` kept of them, or where there is none all it is made of."""
    return await asks.fetch(_CARDS, list(ids), currency, FORM)


async def next_cards(asks: Asks, after: str, currency: str, limit: int) -> list[Row]:
    """The published products that follow `after` by id, and of each whether its card is kept."""
    return await asks.fetch(
        """SELECT p.id, kept.form IS NOT NULL AS kept FROM product AS p LEFT JOIN card AS kept
            ON kept.product_id = p.id AND kept.currency = $2 AND kept.form = $3 AND kept.revision = p.revision
            AND kept.product_id > $1  -- or a merge of both reads all cards before
        WHERE p.id > $1 AND p.status = 'published' ORDER BY p.id LIMIT $4""",
        after,
        currency,
        FORM,
        limit,
    )


async def keep_cards(asks: Asks, rendered: Iterable[tuple[str, str, int, bytes]]) -> None:
    """Keep cards (id, currency, revision, body, each once) for all processes. What is of an older revision is left out."""
    ids, currencies, revisions, bodies = zip(*rendered, strict=True)
    await asks.fetch(_KEEP, FORM, ids, currencies, revisions, bodies)


async def whole(asks: Asks, product_id: str) -> dict[str, Any] | None:
    row = await asks.fetchrow(_WHOLE, product_id)
    return None if row is None else dict(row)


async def items(asks: Asks, asked: Collection[tuple[str, str]]) -> list[Row]:
    """What carts need of these SKUs, each with a currency, in one statement; in no order."""
    return await asks.fetch(_ITEMS, [sku for sku, _ in asked], [currency for _, currency in asked])


async def find(asks: Asks, name: str) -> Row | None:
    """A product by its id or any slug it has or had: id, status, version, revision."""
    column = "p.id = $1" if name.startswith("prd_") else "p.id = (SELECT product_id FROM product_slug WHERE slug = $1)"
    return await asks.fetchrow(
        f"SELECT p.id, p.slug, p.status, p.version, p.revision FROM product AS p WHERE {column}", name
    )


async def shown(asks: Asks, ids: Sequence[str]) -> dict[str, int]:
    """Which of these shoppers see, and at what revision."""
    rows = await asks.fetch("SELECT id, revision FROM product WHERE id = ANY($1) AND status = 'published'", list(ids))
    return {row["id"]: row["revision"] for row in rows}


async def listed(
    asks: Asks,
    *,
    status: Status,
    after: str,
    limit: int,
    category: str | None = None,
    brand: str | None = None,
    sku: str | None = None,
) -> list[tuple[str, int]]:
    """A page by id: id and revision. `category` is an id or slug, those below it included; `brand` an id, slug or key.

    A page's worth is taken from each category or brand by its own index alone and then merged, so that the time does not
    hang on what the planner thinks of how full they are; only the page's own products are read. The status is part of the
    text, or partial indexes are of no use.
    """
    values: list[Any] = [after, limit]

    def place(value: str) -> str:
        values.append(value)
        return f"${len(values)}"

    shelf, within = "(SELECT) AS shelf", ""
    if category is not None:
        named = place(category)
        below = f"path @> ARRAY[(SELECT id FROM category WHERE id = {named} OR slug = {named})]"
        if brand is None:
            shelf, within = f"(SELECT id FROM category WHERE {below}) AS shelf", " AND category_id = shelf.id"
        else:
            within = f" AND category_id = ANY(ARRAY(SELECT id FROM category WHERE {below}))"
    if brand is not None:
        shelf = f"(SELECT id FROM brand WHERE {place(brand)} IN (id, slug, name_key)) AS shelf"
        within += " AND brand_id = shelf.id"
    if sku is not None:
        within += f" AND id = (SELECT product_id FROM variant WHERE sku = {place(sku)})"
    rows = await asks.fetch(
        f"""SELECT id, revision FROM product JOIN (
                SELECT page.id FROM {shelf} CROSS JOIN LATERAL (
                    SELECT id FROM product WHERE status = '{status.value}' AND id > $1{within} ORDER BY id LIMIT $2
                ) AS page ORDER BY page.id LIMIT $2
            ) AS page USING (id) ORDER BY id""",
        *values,
    )
    return [(row["id"], row["revision"]) for row in rows]
