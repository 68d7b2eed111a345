"""One effect per Idempotency-Key: the answer is kept in the transaction of its effect, and given again.

After draft-ietf-httpapi-idempotency-key-header-07: same key and body → the same answer; other body → 422; while the
first still runs → 409. Refusals are not kept, so a caller may mend the request and use the key again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b

from banyan.foundation.db import Db, Tx
from banyan.kernel.refusals import Conflict, Invalid

KEEP_DAYS = 7

# The row may have been committed between this statement's snapshot and its lock; the inserts below notice.
_LOOK = """
SELECT claim.free, kept.fingerprint, kept.status, kept.body, kept.running_until > shop_now() AS running
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


@dataclass(frozen=True, slots=True)
class Key:
    """Whose key it is (`scope`: caller and operation), the key, and a digest of what was asked."""

    scope: str
    key: str
    fingerprint: bytes

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
    if not row["free"]:
        raise _still_running()
    if row["fingerprint"] is not None:
        if row["fingerprint"] != key.fingerprint:
            raise Invalid("this Idempotency-Key was used for another request; take a new one", code="key_reused")
        if row["status"] is not None:
            return Answer(row["status"], row["body"], replayed=True)
        if row["running"]:
            raise _still_running()
    if running_seconds and not await tx.execute(_CLAIM, key.scope, key.key, key.fingerprint, running_seconds):
        raise _still_running()
    return None


async def keep(tx: Tx, key: Key, answer: Answer) -> None:
    """Keep the answer for this key; the caller's claim ends with it."""
    if not await tx.execute(_KEEP, key.scope, key.key, key.fingerprint, answer.status, answer.body):
        raise _still_running()


async def release(tx: Tx, key: Key) -> None:
    """Nothing was done: the claim ends, and the key may be used again."""
    await tx.execute("DELETE FROM idempotency WHERE scope = $1 AND key = $2 AND status IS NULL", key.scope, key.key)


async def forget_old(db: Db) -> int:
    """Delete keys older than a week: longer than any caller goes on trying."""
    async with db.transaction() as tx:
        return await tx.execute(
            "DELETE FROM idempotency WHERE kept_at < shop_now() - make_interval(days => $1)", KEEP_DAYS
        )


def _still_running() -> Conflict:
    return Conflict("the first request with this Idempotency-Key is still running", code="in_flight", retry_after=1)
