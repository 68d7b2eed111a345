"""One effect per Idempotency-Key: the answer is kept in the transaction of its effect, and given again.

After draft-ietf-httpapi-idempotency-key-header-07: same key and body → the same answer; other body → 422; while the
first still runs → 409. Refusals are not kept, so a caller may mend the request and use the key again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from banyan.foundation.db import Again, Db, Row, Tx
from banyan.kernel.refusals import Conflict, Invalid, Refusal

KEEP_DAYS = 7

# The row may have been committed between this statement's snapshot and its lock; the inserts below notice.
_LOOK = """
SELECT claim.free, true AS claimed, kept.fingerprint, kept.status, kept.body,
    kept.running_until > shop_now() AS running
FROM (SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) AS free) AS claim
LEFT JOIN idempotency AS kept ON kept.scope = $1 AND kept.key = $2"""
_CLAIM = """
INSERT INTO idempotency AS kept (scope, key, fingerprint, running_until)
VALUES ($1, $2, $3, shop_now() + make_interval(secs => $4))
ON CONFLICT (scope, key) DO UPDATE SET running_until = excluded.running_until
WHERE kept.status IS NULL AND kept.running_until <= shop_now()"""
_KEEP = """
INSERT INTO idempotency AS kept (scope, key, fingerprint, status, body, running_until)
VALUES ($1, $2, $3, $4, $5, shop_now())
ON CONFLICT (scope, key) DO UPDATE SET status = excluded.status, body = excluded.body
WHERE kept.status IS NULL AND kept.fingerprint = excluded.fingerprint"""

# The same for a round of keys.
_ASKED = """
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS asked (scope, key, fingerprint, place)
LEFT JOIN LATERAL (
    SELECT fingerprint, status, body, running_until > shop_now() AS running FROM idempotency
    WHERE idempotency.scope = asked.scope AND idempotency.key = asked.key LIMIT 1
) AS kept ON true"""
_LOCK = "pg_try_advisory_xact_lock(hashtextextended(asked.scope || ' ' || asked.key, 0))"
_READ_MANY = f"SELECT true AS free, true AS claimed, kept.* {_ASKED} ORDER BY place"
_LOOK_MANY = f"SELECT {_LOCK} AS free, true AS claimed, kept.* {_ASKED} ORDER BY place"
_CLAIM_MANY = f"""
WITH looked AS MATERIALIZED (
    SELECT {_LOCK} AS free, asked.*, kept.fingerprint AS used_for, kept.status, kept.body, kept.running {_ASKED}),
claimed AS (
    INSERT INTO idempotency AS kept (scope, key, fingerprint, running_until)
    SELECT scope, key, fingerprint, shop_now() + make_interval(secs => $4) FROM looked
    WHERE free AND (used_for IS NULL OR (used_for = fingerprint AND status IS NULL AND NOT running))
    ON CONFLICT (scope, key) DO UPDATE SET running_until = excluded.running_until
    WHERE kept.status IS NULL AND kept.running_until <= shop_now()
    RETURNING scope, key)
SELECT free, claimed.key IS NOT NULL AS claimed, used_for AS fingerprint, status, body, running
FROM looked LEFT JOIN claimed USING (scope, key) ORDER BY place"""
KEEP = """
INSERT INTO idempotency AS kept (scope, key, fingerprint, status, body, running_until)
SELECT scope, key, fingerprint, status, body, shop_now() FROM {told} ORDER BY scope, key
ON CONFLICT (scope, key) DO UPDATE SET status = excluded.status, body = excluded.body
WHERE kept.status IS NULL AND kept.fingerprint = excluded.fingerprint"""
"""Keeps answers within a larger statement, whose `told` has their scope, key, fingerprint, status and body."""
_KEEP_MANY = KEEP.format(
    told="unnest($1::text[], $2::text[], $3::bytea[], $4::integer[], $5::bytea[])"
    " AS told (scope, key, fingerprint, status, body)"
)
_KEEP_MANY += " RETURNING scope, key"


@dataclass(frozen=True, slots=True)
class Key:
    """Whose key it is (`scope`: caller and operation), the key, and a digest of what was asked."""

    scope: str
    key: str
    fingerprint: bytes

    @property
    def name(self) -> tuple[str, str]:
        """What it is kept under."""
        return self.scope, self.key

    @classmethod
    def of(cls, scope: str, key: str, *asked: bytes) -> "Key":
        digest = blake2b(digest_size=16)
        for part in asked:
            digest.update(len(part).to_bytes(8) + part)
        return cls(scope, key, digest.digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to the caller: a status, JSON bytes, and whether it was told before."""

    status: int
    body: bytes
    replayed: bool = False
    headers: tuple[tuple[str, str], ...] = ()


async def once(db: Db, key: Key | None, effect: Callable[[Tx], Awaitable[Answer]]) -> Answer:
    """Run `effect` in a transaction and keep its answer there, or give the answer kept before."""

    async def guarded(tx: Tx) -> Answer:
        if key is None:
            return await effect(tx)
        if kept := await begin(tx, key):
            return kept
        answer = await effect(tx)
        await keep(tx, key, answer)
        return answer

    return await db.retrying(guarded)


async def begin(tx: Tx, key: Key, *, running_seconds: float = 0) -> Answer | None:
    """Claim the key in this transaction. None: go on; an Answer: it was given before.

    With `running_seconds` the claim outlives this transaction: until `keep`, or until the time is over, others with
    this key are told 409. Raises Conflict (still running) and Invalid (the key was used for something else).
    """
    row = await tx.fetchrow(_LOOK, key.scope, key.key)
    assert row is not None
    kept = _kept(row, key)
    if isinstance(kept, Refusal):
        raise kept
    if (
        kept is None
        and running_seconds
        and not await tx.execute(_CLAIM, key.scope, key.key, key.fingerprint, running_seconds)
    ):
        raise _still_running()
    return kept


async def begin_many(
    tx: Tx, keys: Sequence[Key | None], *, running_seconds: float = 0
) -> list[Answer | Refusal | None]:
    """What `begin` says of each key, its refusals as values, in one statement. None for who has no key.

    Of two equal keys in one round the first goes on and the others are told that it is still running.
    """
    if running_seconds:
        said = await _look(tx, _CLAIM_MANY, keys, running_seconds)
    else:
        said = await _look(tx, _LOOK_MANY, keys)
    going = set[tuple[str, str]]()
    for place, key in enumerate(keys):
        if key is not None and said[place] is None:
            if key.name in going:
                said[place] = _still_running()
            going.add(key.name)
    return said


async def look_many(db: Db | Tx, keys: Sequence[Key | None]) -> list[Answer | Refusal | None]:
    """As `begin_many`, but only looks: nothing is claimed or locked. `keep` or `keep_many` find out in the end."""
    return await _look(db, _READ_MANY, keys)


async def keep(tx: Tx, key: Key, answer: Answer) -> None:
    """Keep the answer for this key; the caller's claim ends with it."""
    if not await tx.execute(_KEEP, key.scope, key.key, key.fingerprint, answer.status, answer.body):
        raise _still_running()


async def keep_many(tx: Tx, told: Sequence[tuple[Key, Answer]]) -> None:
    """Keep these answers, in one statement. No key twice.

    Their effects are in this transaction, so that one answer which cannot be kept undoes it all, to be done again
    (Db.retrying): raises Overtaken.
    """
    if told and len(await tx.fetch(_KEEP_MANY, *kept(told))) < len(told):
        raise Overtaken


def kept(told: Sequence[tuple[Key, Answer]]) -> list[list[Any]]:
    """Scopes, keys, fingerprints, statuses and bodies: what `KEEP` keeps, in this order."""
    keys, answers = [key for key, _ in told], [answer for _, answer in told]
    return [*_columns(keys), [answer.status for answer in answers], [answer.body for answer in answers]]


async def release(tx: Tx, key: Key) -> None:
    """Nothing was done: the claim ends, and the key may be used again."""
    await tx.execute("DELETE FROM idempotency WHERE scope = $1 AND key = $2 AND status IS NULL", key.scope, key.key)


async def forget_old(db: Db) -> int:
    """Delete keys older than a week: longer than any caller goes on trying."""
    async with db.transaction() as tx:
        return await tx.execute(
            "DELETE FROM idempotency WHERE kept_at < shop_now() - make_interval(days => $1)", KEEP_DAYS
        )


class Overtaken(Again, Conflict):
    """Another request with one of these keys was quicker; done again, this finds its answer."""

    code = "in_flight"

    def __init__(self) -> None:
        super().__init__(_RUNNING, retry_after=1)


_RUNNING = "the first request with this Idempotency-Key is still running"


def _still_running() -> Conflict:
    return Conflict(_RUNNING, code="in_flight", retry_after=1)


def _kept(row: Row, key: Key) -> Answer | Refusal | None:
    """What is known of a key; None when it is free."""
    if not row["free"]:
        return _still_running()
    if row["fingerprint"] is None:
        return None if row["claimed"] else _still_running()
    if row["fingerprint"] != key.fingerprint:
        return Invalid("this Idempotency-Key was used for another request; take a new one", code="key_reused")
    if row["status"] is not None:
        return Answer(row["status"], row["body"], replayed=True)
    return _still_running() if row["running"] or not row["claimed"] else None


async def _look(db: Db | Tx, sql: str, keys: Sequence[Key | None], *more: float) -> list[Answer | Refusal | None]:
    asked: dict[tuple[str, str], Key] = {}
    for key in keys:
        if key is not None:
            asked.setdefault(key.name, key)
    if not asked:
        return [None] * len(keys)
    found = dict(zip(asked, await db.fetch(sql, *_columns(list(asked.values())), *more), strict=True))
    return [None if key is None else _kept(found[key.name], key) for key in keys]


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[str], list[bytes]]:
    return [key.scope for key in keys], [key.key for key in keys], [key.fingerprint for key in keys]
