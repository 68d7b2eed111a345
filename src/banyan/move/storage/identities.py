"""Our id of each legacy aggregate and back, and the auto-increment values the way back may use. Durable before use."""

from collections.abc import Iterable, Mapping

from banyan.foundation.db import Db, Tx

Pair = tuple[str, str]
"""(kind, legacy key), or (kind, our id)."""


async def known(db: Db | Tx, pairs: Iterable[Pair]) -> dict[Pair, str]:
    """(kind, key) → id, of those that have one."""
    asked = list(pairs)
    rows = await db.fetch(
        """SELECT i.kind, i.key, i.id FROM identity i JOIN unnest($1::text[], $2::text[]) AS n(kind, key)
           ON i.kind = n.kind AND i.key = n.key""",
        [kind for kind, _ in asked],
        [key for _, key in asked],
    )
    return {(row["kind"], row["key"]): row["id"] for row in rows}


async def keys(db: Db | Tx, pairs: Iterable[Pair]) -> dict[Pair, str]:
    """(kind, id) → legacy key, of those that have one."""
    asked = list(pairs)
    rows = await db.fetch(
        """SELECT i.kind, i.key, i.id FROM identity i JOIN unnest($1::text[], $2::text[]) AS n(kind, id)
           ON i.kind = n.kind AND i.id = n.id""",
        [kind for kind, _ in asked],
        [id_ for _, id_ in asked],
    )
    return {(row["kind"], row["id"]): row["key"] for row in rows}


async def give(tx: Tx, offered: Mapping[Pair, str]) -> dict[Pair, str]:
    """Keep these ids; where a key has one already, or got one meanwhile, that one stays. What holds, for every key."""
    ordered = sorted(offered)
    await tx.execute(
        """INSERT INTO identity (kind, key, id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
           ON CONFLICT (kind, key) DO NOTHING""",
        [kind for kind, _ in ordered],
        [key for _, key in ordered],
        [offered[pair] for pair in ordered],
    )
    return await known(tx, ordered)


async def claim(tx: Tx, names: Mapping[Pair, str]) -> None:
    """Each of these keys holds this name from now on, and no other; one that another key holds stays with that one."""
    ordered = sorted(names)
    values = [kind for kind, _ in ordered], [key for _, key in ordered], [names[pair] for pair in ordered]
    await tx.execute(
        """DELETE FROM identity i USING unnest($1::text[], $2::text[], $3::text[]) AS c(kind, key, name)
           WHERE i.kind = c.kind AND i.key = c.key AND i.id <> c.name""",
        *values,
    )
    await tx.execute(
        """INSERT INTO identity (kind, key, id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
           ON CONFLICT DO NOTHING""",
        *values,
    )


async def next_values(tx: Tx, name: str, count: int, above: int = 0) -> int:
    """The first of `count` fresh auto-increment values of a legacy table, above `above` and all given out before."""
    first: int = await tx.fetchval(
        """INSERT INTO sequence AS s (name, next) VALUES ($1, $3::bigint + 1 + $2)
           ON CONFLICT (name) DO UPDATE SET next = greatest(s.next, $3::bigint + 1) + $2
           RETURNING next - $2""",
        name,
        count,
        above,
    )
    return first
