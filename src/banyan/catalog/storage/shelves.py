"""Brands, categories and attributes: where products stand and what is told of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.catalog.domain.attributes import Attribute, Kind
from banyan.catalog.storage import Asks
from banyan.foundation.db import Row, Tx

_TREE_LOCK = 7071  # whoever changes the tree does it alone: a move checked against an old tree could close a circle

_CATEGORIES = """
SELECT c.id, c.parent_id, c.name, c.name_key, c.slug, c.position, c.path, c.version, coalesce(n.count, 0) AS count
FROM category AS c LEFT JOIN (
    SELECT category_id, count(*) FROM product WHERE status = 'published' GROUP BY category_id
) AS n ON n.category_id = c.id"""
_BRANDS = """
SELECT b.id, b.name, b.slug, b.name_key,
    (SELECT count(*) FROM product WHERE brand_id = b.id AND status = 'published') AS count
FROM brand AS b WHERE b.name_key > $1 ORDER BY b.name_key LIMIT $2"""
_REVISE_BELOW = """
UPDATE product SET revision = revision + 1
WHERE category_id IN (SELECT id FROM category WHERE path @> ARRAY[$1])"""
# Each path anew from the parent's: correct for a whole subtree because a path names every step.
_MOVE = """
UPDATE category AS c SET
    path = coalesce((SELECT path FROM category WHERE id = $2), '{}')
           || c.path[array_position(c.path, $1) : cardinality(c.path)],
    parent_id = CASE WHEN c.id = $1 THEN $2 ELSE c.parent_id END
WHERE c.path @> ARRAY[$1]"""


async def categories(asks: Asks) -> list[dict[str, Any]]:
    """All of them, with how many published products are right here."""
    return [dict(row) for row in await asks.fetch(_CATEGORIES)]


async def named(asks: Asks) -> list[Row]:
    """All of them by name alone."""
    return await asks.fetch("SELECT id, name, slug, path FROM category")


async def category(asks: Asks, name: str) -> Row | None:
    """By id or slug."""
    return await asks.fetchrow("SELECT * FROM category WHERE id = $1 OR slug = $1", name)


async def lock_tree(tx: Tx) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _TREE_LOCK)


async def children(tx: Tx, parents: Sequence[str | None], keys: Sequence[str]) -> list[Row]:
    """The categories with these (parent, key of the name), pair by pair."""
    return await tx.fetch(
        """SELECT c.id, c.parent_id, c.name_key, c.path, c.slug FROM category AS c
           JOIN unnest($1::text[], $2::text[]) AS asked(parent_id, name_key)
           ON c.name_key = asked.name_key AND c.parent_id IS NOT DISTINCT FROM asked.parent_id""",
        list(parents),
        list(keys),
    )


async def slugs_taken(tx: Tx, table: str, slugs: Sequence[str]) -> set[str]:
    """Which of these slugs categories, brands or products (product_slug) have."""
    if table not in ("category", "brand", "product_slug"):
        raise ValueError(table)
    return {row["slug"] for row in await tx.fetch(f"SELECT slug FROM {table} WHERE slug = ANY($1)", list(slugs))}


async def add_categories(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """New categories, parents before children or in the same call. UniqueViolationError: a name or slug is taken."""
    for row in rows:
        await tx.execute(
            """INSERT INTO category (id, parent_id, name, name_key, slug, position, path)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            *(row[name] for name in ("id", "parent_id", "name", "name_key", "slug", "position", "path")),
        )


async def change_category(tx: Tx, category_id: str, changes: Mapping[str, Any]) -> None:
    """Set name (with its key), slug or position, and count the edit. UniqueViolationError: a name or slug is taken."""
    names = [name for name in changes if name in ("name", "name_key", "slug", "position")]
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, 2))
    await tx.execute(
        f"UPDATE category SET version = version + 1{sets} WHERE id = $1", category_id, *(changes[n] for n in names)
    )


async def move_category(tx: Tx, category_id: str, parent_id: str | None) -> None:
    """Hang a category, with all below it, under another parent. The tree must be locked."""
    await tx.execute(_MOVE, category_id, parent_id)


async def deepest_below(tx: Tx, category_id: str) -> int:
    """How many levels the category and what is below it take up: 1 for a leaf."""
    deepest: int = await tx.fetchval(
        """SELECT max(cardinality(path)) - (SELECT cardinality(path) - 1 FROM category WHERE id = $1)
           FROM category WHERE path @> ARRAY[$1]""",
        category_id,
    )
    return deepest


async def remove_category(tx: Tx, category_id: str) -> bool:
    """ForeignKeyViolationError when something is in it."""
    return bool(await tx.execute("DELETE FROM category WHERE id = $1", category_id))


async def revise_below(tx: Tx, category_id: str) -> None:
    """Count a change for every product in the category or below it."""
    await tx.execute(_REVISE_BELOW, category_id)


async def brands(asks: Asks, after: str, limit: int) -> list[Row]:
    """A page by name, with how many published products each has."""
    return await asks.fetch(_BRANDS, after, limit)


async def brand_names(asks: Asks, asked: Sequence[str]) -> list[str]:
    """The names of brands given by id, slug or key of the name."""
    rows = await asks.fetch(
        "SELECT name FROM brand WHERE id = ANY($1) OR slug = ANY($1) OR name_key = ANY($1)", list(asked)
    )
    return [row["name"] for row in rows]


async def brand_ids(tx: Tx, keys: Sequence[str]) -> dict[str, str]:
    """Ids of brands by the keys of their names."""
    rows = await tx.fetch("SELECT id, name_key FROM brand WHERE name_key = ANY($1)", list(keys))
    return {row["name_key"]: row["id"] for row in rows}


async def add_brands(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """New brands; ids of those that were added: one that somebody adds at the same time is no fault.

    UniqueViolationError: a slug is taken.
    """
    ordered = sorted(rows, key=lambda row: str(row["name_key"]))
    added = await tx.fetch(
        """INSERT INTO brand (id, name, name_key, slug)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (name_key) DO NOTHING
           RETURNING id""",
        *([row[name] for row in ordered] for name in ("id", "name", "name_key", "slug")),
    )
    return [row["id"] for row in added]


async def attributes(asks: Asks) -> list[Row]:
    return await asks.fetch("SELECT * FROM attribute ORDER BY code")


async def attribute(tx: Tx, code: str) -> Row | None:
    """The attribute, nobody else's to use or change until this transaction ends."""
    return await tx.fetchrow("SELECT * FROM attribute WHERE code = $1 FOR UPDATE", code)


async def attributes_for(tx: Tx, codes: Sequence[str]) -> dict[str, Attribute]:
    """Those of these that exist; they stay as they are until this transaction ends."""
    rows = await tx.fetch(
        "SELECT * FROM attribute WHERE code = ANY($1) ORDER BY code FOR KEY SHARE", sorted(set(codes))
    )
    return {
        row["code"]: Attribute(row["code"], row["name"], Kind(row["kind"]), row["unit"], tuple(row["choices"]))
        for row in rows
    }


async def add_attributes(tx: Tx, made: Sequence[Attribute]) -> None:
    """New attributes; one that somebody adds at the same time stays as theirs."""
    for each in sorted(made, key=lambda each: each.code):
        await tx.execute(
            """INSERT INTO attribute (code, name, kind, unit, choices) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (code) DO NOTHING""",
            each.code,
            each.name,
            each.kind,
            each.unit,
            list(each.choices),
        )


async def change_attribute(tx: Tx, code: str, changes: Mapping[str, Any]) -> None:
    names = [name for name in changes if name in ("name", "unit", "choices")]
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, 2))
    await tx.execute(
        f"UPDATE attribute SET version = version + 1{sets} WHERE code = $1", code, *(changes[n] for n in names)
    )


async def values_of(tx: Tx, code: str) -> set[str]:
    """Every value products have of an attribute, as text."""
    rows = await tx.fetch("SELECT DISTINCT attributes ->> $1 AS value FROM product WHERE attributes ? $1", code)
    return {row["value"] for row in rows}


async def revise_having(tx: Tx, code: str) -> None:
    """Count a change for every product that has the attribute."""
    await tx.execute("UPDATE product SET revision = revision + 1 WHERE attributes ? $1", code)


async def remove_attribute(tx: Tx, code: str) -> bool:
    """Forget an attribute that no product has; whether it was so."""
    return bool(
        await tx.execute(
            "DELETE FROM attribute WHERE code = $1 AND NOT EXISTS (SELECT FROM product WHERE attributes ? $1)", code
        )
    )
