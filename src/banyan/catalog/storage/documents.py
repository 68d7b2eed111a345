"""Published products as the search index wants them, many in one statement."""

from collections.abc import Iterable, Sequence

from banyan.catalog.storage import Asks
from banyan.foundation.db import Connection, Row

_KEEPER = 7069  # with an index's name: who holds this lock keeps the index that several processes share

# Without a price in the shop's currency a product cannot be sold in it, and search does not show it.
_DOCUMENTS = """
SELECT p.id, p.name, p.description, p.popularity, p.created_at, b.name AS brand, sold.price, sold.available,
    concat_ws(' ', sold.words, (SELECT string_agg(value, ' ') FROM jsonb_each_text(p.attributes)
                                WHERE value NOT IN ('true', 'false'))) AS keywords,
    coalesce((SELECT array_agg(a.name ORDER BY cardinality(a.path))
              FROM category AS c JOIN category AS a ON a.id = ANY(c.path) WHERE c.id = p.category_id), '{{}}')
        AS categories
FROM product AS p LEFT JOIN brand AS b ON b.id = p.brand_id
CROSS JOIN LATERAL (
    SELECT min(price.amount) AS price, bool_or(a.available) AS available,
        string_agg(concat_ws(' ', v.sku, (SELECT string_agg(value, ' ') FROM jsonb_each_text(v.options))), ' ') AS words
    FROM variant AS v JOIN availability AS a USING (sku)
    LEFT JOIN price ON price.variant_id = v.id AND price.currency = $1
    WHERE v.product_id = p.id
) AS sold
WHERE p.status = 'published' AND sold.price IS NOT NULL AND {which}"""
_OF = _DOCUMENTS.format(which="p.id = ANY($2)")
_PAGE = _DOCUMENTS.format(which="p.id > $2") + " ORDER BY p.id LIMIT $3"
_BELOW = """
SELECT id FROM product
WHERE status = 'published' AND id > $2 AND category_id IN (SELECT id FROM category WHERE path && $1::text[])
ORDER BY id LIMIT $3"""


async def of(asks: Asks, currency: str, ids: Sequence[str]) -> list[Row]:
    """Those of these that search shows."""
    return await asks.fetch(_OF, currency, list(ids))


async def published(asks: Asks, currency: str, *, after: str, limit: int) -> list[Row]:
    """A page of all that search shows, by id."""
    return await asks.fetch(_PAGE, currency, after, limit)


async def ids_below(asks: Asks, categories: Iterable[str], *, after: str, limit: int) -> list[str]:
    """A page of the products in these categories and below, by id."""
    return [row["id"] for row in await asks.fetch(_BELOW, sorted(categories), after, limit)]


async def any_published(asks: Asks) -> bool:
    return bool(await asks.fetchval("SELECT EXISTS (SELECT FROM product WHERE status = 'published')"))


async def hold(con: Connection, index: str) -> bool:
    """Whether this connection now holds the lock of an index, which it does until its end."""
    return bool(await con.fetchval("SELECT pg_try_advisory_lock($1, hashtext($2))", _KEEPER, index))


async def still_there(con: Connection) -> bool:
    """Whether the connection, and with it what it holds, is still there."""
    return not con.is_closed() and bool(await con.fetchval("SELECT true"))
