"""What gateway workers report, how far traffic has been shifted, and what asking both sides showed."""

from collections.abc import Iterable, Sequence
from typing import Any

from banyan.contracts.moving import Counted, Sample
from banyan.foundation.db import Db, Row, Tx

KEPT_DIFFERENCES = 20
"""Of each page."""
MOST_SAMPLES = 2000
"""That wait to be asked again; beyond it the newest are left out."""


async def report(
    tx: Tx,
    worker: str,
    beat: int,
    *,
    epochs: dict[str, int],
    held: dict[str, int],
    seconds: float,
    slowest: dict[str, float] | None = None,
) -> bool:
    """Renew a worker's lease for so many seconds. False when a later beat of it was heard already."""
    return bool(
        await tx.execute(
            """INSERT INTO worker AS w (id, beat, epochs, held, until, slowest)
               VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5), $6)
               ON CONFLICT (id) DO UPDATE
               SET beat = excluded.beat, epochs = excluded.epochs, held = excluded.held, until = excluded.until,
                   slowest = excluded.slowest
               WHERE w.beat < excluded.beat""",
            worker,
            beat,
            epochs,
            held,
            seconds,
            slowest or {},
        )
    )


async def leave(tx: Tx, worker: str) -> None:
    """A worker has ended, with nothing in flight."""
    await tx.execute("DELETE FROM worker WHERE id = $1", worker)


async def count(tx: Tx, worker: str, counted: Iterable[Counted]) -> None:
    """Keep what a worker has seen since it began; it only rises, so a late one changes nothing."""
    await tx.executemany(
        """INSERT INTO counted AS c (worker, group_name, side, asked, failed, bins)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (worker, group_name, side) DO UPDATE
           SET asked = excluded.asked, failed = excluded.failed, bins = excluded.bins, at = shop_now()
           WHERE c.asked < excluded.asked""",
        [(worker, each.group, each.side, each.asked, each.failed, list(each.bins)) for each in counted],
    )


async def counts(db: Db | Tx) -> list[Row]:
    """Rows (worker, group_name, side, asked, failed, bins) of all workers of the last day."""
    return await db.fetch(
        """SELECT worker, group_name, side, asked, failed, bins FROM counted
           WHERE at > shop_now() - interval '1 day'"""
    )


async def forget(tx: Tx) -> None:
    """Workers that have been gone for a day."""
    await tx.execute("DELETE FROM counted WHERE at < shop_now() - interval '1 day'")
    await tx.execute("DELETE FROM worker WHERE until < shop_now() - interval '1 day'")


async def weigh(tx: Tx, group: str, was: int, weight: int, goal: int) -> bool:
    """Set a group's weight and goal (percent). False when its weight is not what it was."""
    return bool(
        await tx.execute(
            "UPDATE groups SET weight = $3, weight_goal = $4, changed_at = shop_now() WHERE name = $1 AND weight = $2",
            group,
            was,
            weight,
            goal,
        )
    )


async def aim(tx: Tx, group: str, goal: int, weight: int) -> None:
    """From now on towards `goal`, beginning with `weight`."""
    await tx.execute(
        "UPDATE groups SET weight = $3, weight_goal = $2, changed_at = shop_now() WHERE name = $1", group, goal, weight
    )


async def shade(tx: Tx, group: str, percent: int) -> None:
    await tx.execute("UPDATE groups SET shadow = $2, changed_at = shop_now() WHERE name = $1", group, percent)


async def keep_samples(tx: Tx, samples: Sequence[Sample]) -> None:
    waiting = await tx.fetchval("SELECT count(*) FROM sample")
    await tx.executemany(
        "INSERT INTO sample (group_name, route, target) VALUES ($1, $2, $3)",
        [(each.group, each.route, each.target) for each in samples[: max(0, MOST_SAMPLES - waiting)]],
    )


async def take_samples(tx: Tx, limit: int) -> list[Row]:
    """The oldest samples, each taken once, whoever asks."""
    return await tx.fetch(
        """WITH taken AS (
               DELETE FROM sample
               WHERE number IN (SELECT number FROM sample ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED)
               RETURNING number, group_name, route, target)
           SELECT group_name, route, target FROM taken ORDER BY number""",
        limit,
    )


async def shadowed(tx: Tx, group: str, route: str, what: str) -> None:
    """Count one page that was asked again: `same`, `different`, `noisy` or `failed`."""
    counts_of = [int(what == name) for name in ("same", "different", "noisy", "failed")]
    await tx.execute(
        """INSERT INTO shadowed AS s (group_name, route, asked, same, different, noisy, failed)
           VALUES ($1, $2, 1, $3, $4, $5, $6)
           ON CONFLICT (group_name, route) DO UPDATE
           SET asked = s.asked + 1, same = s.same + $3, different = s.different + $4, noisy = s.noisy + $5,
               failed = s.failed + $6""",
        group,
        route,
        *counts_of,
    )


async def differ(tx: Tx, group: str, route: str, target: str, legacy: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Keep an example, and of each page the last few only. Whether it is the page's first."""
    first: bool = await tx.fetchval(
        """WITH kept AS (
               INSERT INTO difference (group_name, route, target, legacy, ours) VALUES ($1, $2, $3, $4, $5))
           SELECT NOT EXISTS (SELECT 1 FROM difference WHERE group_name = $1 AND route = $2)""",
        group,
        route,
        target,
        legacy,
        ours,
    )
    await tx.execute(
        """DELETE FROM difference WHERE group_name = $1 AND route = $2 AND number <= (
               SELECT number FROM difference WHERE group_name = $1 AND route = $2
               ORDER BY number DESC OFFSET $3 LIMIT 1)""",
        group,
        route,
        KEPT_DIFFERENCES,
    )
    return first


async def shadows(db: Db | Tx, group: str) -> list[Row]:
    return await db.fetch(
        "SELECT route, asked, same, different, noisy, failed FROM shadowed WHERE group_name = $1 ORDER BY route", group
    )


async def differences(db: Db | Tx, group: str) -> list[Row]:
    return await db.fetch(
        "SELECT route, target, legacy, ours, at FROM difference WHERE group_name = $1 ORDER BY number DESC", group
    )


async def exchange(tx: Tx, session: bytes) -> bool:
    """A legacy session (its SHA-256) is exchanged now. False when it was before; several gateways may each ask for it in
    the first seconds, when a browser's requests at once come to them before it has our cookies."""
    return bool(
        await tx.execute(
            """INSERT INTO exchanged AS e (session) VALUES ($1) ON CONFLICT (session) DO UPDATE SET at = e.at
               WHERE e.at > shop_now() - interval '5 seconds'""",
            session,
        )
    )


async def exchange_failed(db: Db, session: bytes) -> None:
    await db.execute("DELETE FROM exchanged WHERE session = $1", session)
