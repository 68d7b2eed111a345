"""The table `signing_key`."""

from dataclasses import dataclass, field
from typing import Any

from banyan.foundation.db import Tx
from banyan.users.storage import Source

_ADD = """
INSERT INTO signing_key (kid, sealed, public, signs_from) VALUES ($1, $2, $3, shop_now() + make_interval(secs => $4))
ON CONFLICT ((true)) WHERE retires_at IS NULL DO NOTHING"""
# The newest key gets its end: `$1` seconds from now it signs no more, `$2` later nothing it signed is alive.
_RETIRE = """
UPDATE signing_key SET retires_at = shop_now() + make_interval(secs => $1::float8 + $2::float8)
WHERE retires_at IS NULL AND signs_from <= shop_now() - make_interval(secs => $3)"""


@dataclass(frozen=True, slots=True)
class SealedKey:
    kid: str
    sealed: bytes = field(repr=False)


async def signing(source: Source) -> SealedKey | None:
    """The key that signs now."""
    row = await source.fetchrow(
        """SELECT kid, sealed FROM signing_key WHERE signs_from <= shop_now()
          AND (retires_at IS NULL OR retires_at > shop_now()) ORDER BY signs_from DESC, kid DESC LIMIT 1"""
    )
    return None if row is None else SealedKey(row["kid"], row["sealed"])


async def published(source: Source) -> list[dict[str, Any]]:
    """The public keys (JWK) of all that sign, will sign, or may have signed what is still alive; the newest first."""
    rows = await source.fetch(
        """SELECT public FROM signing_key WHERE retires_at IS NULL OR retires_at > shop_now()
        ORDER BY signs_from DESC, kid"""
    )
    return [row["public"] for row in rows]


async def due(source: Source, age_seconds: float) -> bool:
    """Whether the newest key has signed for at least so long."""
    return bool(
        await source.fetchval(
            """SELECT true FROM signing_key
            WHERE retires_at IS NULL AND signs_from <= shop_now() - make_interval(secs => $1)""",
            age_seconds,
        )
    )


async def retire(tx: Tx, *, after: float, overlap: float, age_seconds: float) -> bool:
    """Give the newest key its end, if it has signed for `age_seconds`; False when it has not."""
    return bool(await tx.execute(_RETIRE, after, overlap, age_seconds))


async def add(tx: Tx, kid: str, sealed: bytes, public: dict[str, Any], *, after: float) -> bool:
    """A new newest key that signs `after` so many seconds; False when there is a newest one already."""
    return bool(await tx.execute(_ADD, kid, sealed, public, after))


async def revoke_all(tx: Tx) -> int:
    """From now on no key is published and none signs."""
    return await tx.execute(
        "UPDATE signing_key SET retires_at = shop_now() WHERE retires_at IS NULL OR retires_at > shop_now()"
    )


async def forget_retired(tx: Tx) -> int:
    """Delete the keys, private ones included, of which nothing signed is alive."""
    return await tx.execute("DELETE FROM signing_key WHERE retires_at <= shop_now()")
