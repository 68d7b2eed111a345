"""Products found without an index: by the words in their slugs and brands, with a bound on what is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banyan.catalog.storage import Asks

MOST = 1_000
"""The most popular so many of those that match are looked at, and no more."""

_ORDERS = {
    "relevance": "c.begins DESC, c.popularity DESC",
    "popularity": "c.popularity DESC",
    "price": "sold.price",
    "-price": "sold.price DESC",
    "newest": "c.created_at DESC",
    "name": "lower(c.name)",
}
_FIND = """
WITH candidate AS MATERIALIZED (
    SELECT p.id, p.name, p.popularity, p.created_at, {begins} AS begins FROM product AS p
    WHERE p.status = 'published'{within} ORDER BY begins DESC, p.popularity DESC, p.id LIMIT {most}
)
SELECT c.id, count(*) OVER () AS total
FROM candidate AS c CROSS JOIN LATERAL (
    SELECT min(price.amount) AS price, bool_or(a.available) AS available
    FROM variant AS v JOIN availability AS a USING (sku)
    LEFT JOIN price ON price.variant_id = v.id AND price.currency = $1
    WHERE v.product_id = c.id
) AS sold
WHERE sold.price IS NOT NULL{sold} ORDER BY {order}, c.id LIMIT $2 OFFSET $3"""


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a product is to have. A word is found within words of its slug or its brand's, `sku` by itself."""

    words: tuple[str, ...] = ()
    sku: str | None = None
    category: str | None = None
    """Id, slug or name; what is below it is found as well."""
    brands: tuple[str, ...] = ()
    price_min: int | None = None
    price_max: int | None = None
    available_only: bool = False


async def find(
    asks: Asks, narrow: Narrow, *, currency: str, order: str, offset: int, limit: int
) -> tuple[list[str], int]:
    """A page of ids, and how many there are. One statement; it reads each product's slug at the most."""
    values: list[Any] = [currency, limit, offset]

    def place(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    within, begins = "", "false"
    if narrow.words:
        begins = f"p.slug LIKE {place(_like(narrow.words[0]) + '%')}"
        held = " AND ".join(_holding(place(f"%{_like(word)}%")) for word in narrow.words)
        exact = f"p.id = (SELECT product_id FROM variant WHERE sku = {place(narrow.sku)})" if narrow.sku else "false"
        within += f" AND ({held} OR {exact})"
    if narrow.category is not None:
        named = place(narrow.category)
        within += (
            " AND p.category_id = ANY(ARRAY(SELECT id FROM category WHERE path && "
            f"ARRAY(SELECT id FROM category WHERE {named} IN (id, slug, name))))"
        )
    if narrow.brands:
        within += f" AND p.brand_id = ANY(ARRAY(SELECT id FROM brand WHERE name = ANY({place(list(narrow.brands))})))"
    sold = " AND sold.available" if narrow.available_only else ""
    if narrow.price_min is not None:
        sold += f" AND sold.price >= {place(narrow.price_min)}"
    if narrow.price_max is not None:
        sold += f" AND sold.price <= {place(narrow.price_max)}"
    sql = _FIND.format(begins=begins, within=within, sold=sold, order=_ORDERS[order], most=MOST)
    rows: Sequence[Any] = await asks.fetch(sql, *values)
    return [row["id"] for row in rows], rows[0]["total"] if rows else 0


def _holding(pattern: str) -> str:
    return f"(p.slug LIKE {pattern} OR p.brand_id = ANY(ARRAY(SELECT id FROM brand WHERE slug LIKE {pattern})))"


def _like(word: str) -> str:
    """The word as a slug would have it; what a slug has a hyphen for may be any letter."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in word)
