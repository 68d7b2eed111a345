"""The table `throttle`: leaking buckets."""

from collections.abc import Sequence

from banyan.foundation.db import Tx
from banyan.users.storage import Source

_CHARGE = """
INSERT INTO throttle AS t (subject, level, last_at, blocked_until) VALUES ($1, 1, shop_now(), shop_now())
ON CONFLICT (subject) DO UPDATE SET last_at = shop_now(),
    level = greatest(0, t.level - extract(epoch FROM shop_now() - t.last_at)::float8 / $2) + 1
WHERE t.blocked_until <= shop_now()
RETURNING level"""


async def blocked(source: Source, subjects: Sequence[str]) -> float:
    """Seconds until none of these is blocked; 0 when none is."""
    seconds = await source.fetchval(
        """SELECT max(extract(epoch FROM blocked_until - shop_now()))::float8 FROM throttle
        WHERE subject = ANY ($1) AND blocked_until > shop_now()""",
        list(subjects),
    )
    return float(seconds or 0.0)


async def charge(tx: Tx, subject: str, leak_seconds: float) -> float | None:
    """One more drop; the level then, or None when the bucket is blocked (nothing was added)."""
    level: float | None = await tx.fetchval(_CHARGE, subject, leak_seconds)
    return level


async def block(tx: Tx, subject: str, seconds: float) -> None:
    await tx.execute(
        "UPDATE throttle SET blocked_until = shop_now() + make_interval(secs => $2) WHERE subject = $1",
        subject,
        seconds,
    )


async def empty(tx: Tx, subject: str) -> None:
    """Forget what was counted, unless it is blocked."""
    await tx.execute("DELETE FROM throttle WHERE subject = $1 AND blocked_until <= shop_now()", subject)


async def forget_old(tx: Tx) -> int:
    """Delete buckets nothing fell into for a day; at most 5,000 at once."""
    return await tx.execute(
        """DELETE FROM throttle WHERE subject IN (SELECT subject FROM throttle
            WHERE last_at < shop_now() - interval '1 day' AND blocked_until <= shop_now() LIMIT 5000)"""
    )
