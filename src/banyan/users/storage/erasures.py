"""The table `erasure`, and everything else that an account's id leads to in this database."""

from datetime import datetime
from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.privacy import Erasure
from banyan.users.storage import Source

_COLUMNS = "id, account_id, asked_at, due_at, steps, attempt, waits_for, done_at"
_ADD = f"""
INSERT INTO erasure AS kept (id, account_id, due_at, next_at)
VALUES ($1, $2, shop_now() + make_interval(secs => $3), shop_now() + make_interval(secs => $3))
ON CONFLICT (account_id) DO UPDATE SET attempt = kept.attempt RETURNING {_COLUMNS}"""
_CLOSE = (
    "UPDATE account SET status = 'closed', version = version + 1, epoch = epoch + 1 WHERE id = $1 AND status = 'active'"
)
# Whoever works on one has it for five minutes; what failed is tried again, less and less often.
_CLAIM = f"""
UPDATE erasure SET attempt = attempt + 1,
    next_at = shop_now() + make_interval(secs => $1 + least(3600, 5 * 2 ^ least(attempt, 10)))
WHERE id = (SELECT id FROM erasure WHERE next_at <= shop_now() ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}"""
_LETTERS = "DELETE FROM letter WHERE recipient = ANY($1)"
# Tables of this service say whose their rows are by one of these columns. Read from the catalogue, so that none is forgotten.
_OF_ACCOUNTS = """
SELECT c.table_name AS name, c.column_name AS owner, array_agg(other.column_name::text) FILTER (WHERE other.data_type = 'bytea'
    OR other.column_name ~ '(^|_)(hash|secret|sealed|seed|token|code|scheme|digest|verifier)$') AS secrets
FROM information_schema.columns AS c
JOIN information_schema.columns AS other USING (table_schema, table_name)
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND c.column_name IN ('account_id', 'user_id') AND t.table_type = 'BASE TABLE'
    AND c.table_name NOT IN ('erasure', 'export')
GROUP BY 1, 2 ORDER BY 1"""


async def close(tx: Tx, account_id: str) -> bool:
    """Nobody signs in with it from now on; False when it was closed before."""
    return bool(await tx.execute(_CLOSE, account_id))


async def reopen(tx: Tx, erasure_id: str) -> bool:
    """Call it off while it is not due: the account is as it was. False when it is too late, or there is none."""
    account = await tx.fetchval(
        "DELETE FROM erasure WHERE id = $1 AND due_at > shop_now() AND steps = '{}' RETURNING account_id", erasure_id
    )
    await tx.execute("UPDATE account SET status = 'active', version = version + 1 WHERE id = $1", account)
    return account is not None


async def add(tx: Tx, erasure_id: str, account_id: str, seconds: float) -> Erasure:
    """A new one, due in so many seconds; the one there is where it was asked before."""
    row = await tx.fetchrow(_ADD, erasure_id, account_id, seconds)
    assert row is not None
    return _erasure(row)


async def of_account(source: Source, account_id: str) -> Erasure | None:
    row = await source.fetchrow(f"SELECT {_COLUMNS} FROM erasure WHERE account_id = $1", account_id)
    return _erasure(row) if row else None


async def listed(source: Source, before: str | None, limit: int) -> list[Erasure]:
    """The newest first, from behind the one with id `before`."""
    narrowed, values = where({"before": "id < {}"}, 1, before=before)
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM erasure {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)
    return [_erasure(row) for row in rows]


async def claim(tx: Tx, seconds: float) -> Erasure | None:
    """One that is due, ours for so long."""
    row = await tx.fetchrow(_CLAIM, seconds)
    return _erasure(row) if row else None


async def step_done(tx: Tx, erasure_id: str, step: str, at: datetime) -> None:
    await tx.execute(
        "UPDATE erasure SET steps = steps || jsonb_build_object($2::text, $3::text), waits_for = '' WHERE id = $1",
        erasure_id,
        step,
        at.isoformat(),
    )


async def waits(tx: Tx, erasure_id: str, waits_for: str, seconds: float) -> None:
    """Look again in so many seconds."""
    await tx.execute(
        "UPDATE erasure SET waits_for = $2, next_at = shop_now() + make_interval(secs => $3) WHERE id = $1",
        erasure_id,
        waits_for,
        seconds,
    )


async def done(tx: Tx, erasure_id: str) -> None:
    await tx.execute("UPDATE erasure SET done_at = shop_now(), next_at = NULL WHERE id = $1", erasure_id)


async def proved_email(source: Source, account_id: str) -> str | None:
    """The address that the account has shown to read; None where it has not."""
    email: str | None = await source.fetchval(
        "SELECT email_raw FROM account WHERE id = $1 AND email_proved_at IS NOT NULL", account_id
    )
    return email


async def others_with_role(source: Source, account_id: str, role: str) -> bool:
    """Whether anybody else who may sign in has this role."""
    return bool(
        await source.fetchval(
            "SELECT true FROM account WHERE id <> $1 AND status = 'active' AND $2 = ANY (roles) LIMIT 1",
            account_id,
            role,
        )
    )


async def former_addresses(source: Source, account_id: str) -> list[str]:
    """Addresses that the account had or was to have."""
    rows = await source.fetch("SELECT old_raw, new_raw FROM email_change WHERE account_id = $1", account_id)
    return [address for row in rows for address in row]


async def rows_of(source: Source, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that tables of this service hold of an account, by table, without secrets and digests."""
    found = {"account": await _rows(source, "account", "id", ["password_hash", "legacy_hash"], account_id)}
    for table in await source.fetch(_OF_ACCOUNTS):
        rows = await _rows(source, table["name"], table["owner"], table["secrets"] or [], account_id)
        found.setdefault(table["name"], []).extend(rows)
    return found


async def forget(tx: Tx, account_id: str, mailboxes: list[str]) -> None:
    """Delete the account and all that says it is its own. Nothing happens where it is gone already."""
    await tx.execute(_LETTERS, mailboxes)
    await tx.execute("DELETE FROM idempotency WHERE split_part(scope, ' ', 1) = $1", account_id)
    await tx.execute("UPDATE taken SET kept = '{}' WHERE id = $1", account_id)
    for table in await tx.fetch(_OF_ACCOUNTS):
        await tx.execute(f'DELETE FROM "{table["name"]}" WHERE "{table["owner"]}" = $1', account_id)
    await tx.execute("DELETE FROM account WHERE id = $1", account_id)


async def _rows(source: Source, table: str, owner: str, secrets: list[str], account_id: str) -> list[dict[str, Any]]:
    rows = await source.fetch(
        f'SELECT to_jsonb(kept) - $2::text[] AS kept FROM "{table}" AS kept WHERE "{owner}" = $1', account_id, secrets
    )
    return [row["kept"] for row in rows]


def _erasure(row: Row) -> Erasure:
    return Erasure(**{name: row[name] for name in Erasure.__dataclass_fields__})
