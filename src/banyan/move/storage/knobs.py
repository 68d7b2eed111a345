"""How hard the copy may push, as an operator set it."""

from banyan.foundation.db import Db, Row, Tx


async def read(db: Db | Tx) -> dict[str, Row]:
    return {row["name"]: row for row in await db.fetch("SELECT name, value, because, who, set_at FROM knob")}


async def put(tx: Tx, name: str, value: str, because: str, who: str) -> None:
    await tx.execute(
        """INSERT INTO knob (name, value, because, who) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO UPDATE SET value = $2, because = $3, who = $4, set_at = shop_now()""",
        name,
        value,
        because,
        who,
    )


async def drop(tx: Tx, name: str) -> bool:
    return bool(await tx.execute("DELETE FROM knob WHERE name = $1", name))
