"""All of the vault's SQL: keys, cards, references, the audit."""

from datetime import datetime, timedelta

from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.narrowing import where

_MAKE = """
INSERT INTO card (token, sealed, wrapped, generation, fingerprint, brand, last4, exp_month, exp_year, gone_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_NOTE = """
INSERT INTO audit (token, deed, who, purpose, provider, host, payment_id, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""


async def generations(db: Db | Tx) -> dict[int, str]:
    """The place of each key-encryption key, the newest last."""
    return {row["generation"]: row["place"] for row in await db.fetch("SELECT * FROM kek ORDER BY generation")}


async def begin_generation(db: Db | Tx, number: int, place: str) -> None:
    """Another process may have begun one by this number: then that is the one."""
    await db.execute("INSERT INTO kek (generation, place) VALUES ($1, $2) ON CONFLICT DO NOTHING", number, place)


async def own_key(db: Db | Tx, purpose: str) -> Row | None:
    return await db.fetchrow("SELECT wrapped, generation FROM own_key WHERE purpose = $1", purpose)


async def keep_own_key(db: Db | Tx, purpose: str, wrapped: bytes, generation: int) -> None:
    """The first one stays."""
    await db.execute("INSERT INTO own_key VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", purpose, wrapped, generation)


async def old_own_keys(db: Db, generation: int) -> list[Row]:
    return await db.fetch("SELECT * FROM own_key WHERE generation < $1", generation)


async def rewrap_own_key(tx: Tx, purpose: str, wrapped: bytes, generation: int) -> None:
    await tx.execute(
        "UPDATE own_key SET wrapped = $2, generation = $3 WHERE purpose = $1 AND generation < $3",
        *(purpose, wrapped, generation),
    )


async def make(
    tx: Tx,
    token: str,
    sealed: bytes,
    wrapped: bytes,
    generation: int,
    fingerprint: bytes,
    *,
    brand: str,
    last4: str,
    exp_month: int,
    exp_year: int,
    gone_at: datetime,
) -> None:
    await tx.execute(_MAKE, token, sealed, wrapped, generation, fingerprint, brand, last4, exp_month, exp_year, gone_at)


async def card(db: Db, token: str) -> Row | None:
    """A card that is not gone."""
    return await db.fetchrow("SELECT * FROM card WHERE token = $1 AND (gone_at IS NULL OR gone_at > shop_now())", token)


async def stays(tx: Tx, token: str) -> bool:
    """Whether the card is there; it cannot be forgotten before the end of this transaction."""
    sql = "SELECT true FROM card WHERE token = $1 AND (gone_at IS NULL OR gone_at > shop_now()) FOR SHARE"
    return bool(await tx.fetchval(sql, token))


async def cards_after(db: Db, token: str, most: int) -> list[Row]:
    """Every card that is there, in the order of tokens."""
    return await db.fetch("SELECT * FROM card WHERE token > $1 ORDER BY token LIMIT $2", token, most)


async def kept_before(tx: Db | Tx, shopper: bytes, fingerprint: bytes) -> Row | None:
    return await tx.fetchrow("SELECT * FROM card WHERE shopper = $1 AND fingerprint = $2", shopper, fingerprint)


async def one_at_a_time(tx: Tx, shopper: bytes) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(shopper[:8], signed=True))


async def keep(tx: Tx, token: str, shopper: bytes) -> bool:
    """False for a card that is gone, or another's."""
    return bool(
        await tx.execute(
            """UPDATE card SET shopper = $2, gone_at = NULL
               WHERE token = $1 AND (shopper = $2 OR shopper IS NULL AND gone_at > shop_now())""",
            *(token, shopper),
        )
    )


async def take_over(tx: Tx, token: str, newer: Row, sealed: bytes, wrapped: bytes, generation: int) -> bool:
    """The card of this token as it was typed again: its date may have changed. False when it was forgotten meanwhile."""
    return bool(
        await tx.execute(
            """UPDATE card SET sealed = $2, wrapped = $3, generation = $4, exp_month = $5, exp_year = $6, gone_at = NULL
               WHERE token = $1""",
            *(token, sealed, wrapped, generation, newer["exp_month"], newer["exp_year"]),
        )
    )


async def forget(tx: Tx, token: str) -> bool:
    return bool(await tx.execute("DELETE FROM card WHERE token = $1", token))


async def gone(tx: Tx, most: int) -> list[str]:
    """Destroy cards whose time is over, so many at once; their tokens."""
    rows = await tx.fetch(
        """DELETE FROM card WHERE token IN (SELECT token FROM card WHERE gone_at <= shop_now()
           ORDER BY gone_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING token""",
        most,
    )
    return [row["token"] for row in rows]


async def old_cards(db: Db, generation: int, most: int) -> list[Row]:
    """Cards whose data key an earlier key-encryption key wraps."""
    return await db.fetch(
        "SELECT token, wrapped, generation FROM card WHERE generation < $1 ORDER BY generation, token LIMIT $2",
        *(generation, most),
    )


async def rewrap(tx: Tx, row: Row, wrapped: bytes, generation: int) -> None:
    """Nothing happens to a card that was sealed anew meanwhile."""
    await tx.execute(
        "UPDATE card SET wrapped = $2, generation = $3 WHERE token = $1 AND wrapped = $4",
        *(row["token"], wrapped, generation, row["wrapped"]),
    )


async def refer(tx: Tx, digest: bytes, token: str, until: datetime) -> None:
    await tx.execute("DELETE FROM reference WHERE until <= shop_now()")
    await tx.execute("INSERT INTO reference VALUES ($1, $2, $3)", digest, token, until)


async def redeem(tx: Tx, digest: bytes) -> Row | None:
    """The card of a reference, which is used up by it."""
    return await tx.fetchrow(
        """WITH used AS (DELETE FROM reference WHERE digest = $1 RETURNING token, until)
           SELECT card.token, brand, last4 FROM used JOIN card USING (token) WHERE until > shop_now()""",
        digest,
    )


async def note(
    db: Db | Tx,
    token: str,
    deed: str,
    who: str,
    *,
    purpose: str | None = None,
    provider: str | None = None,
    host: str | None = None,
    payment_id: str | None = None,
    outcome: str | None = None,
) -> None:
    """Add a line to the audit."""
    await db.execute(_NOTE, token, deed, who, purpose, provider, host, payment_id, outcome)


async def audit(db: Db, token: str | None, most: int) -> list[Row]:
    """Lines of the audit, the newest first; of one card, or of all."""
    narrowed, values = where({"token": "token = {}"}, 1, token=token)
    return await db.fetch(f"SELECT * FROM audit {narrowed} ORDER BY id DESC LIMIT $1", most, *values)


def later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
