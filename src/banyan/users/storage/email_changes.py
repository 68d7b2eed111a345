"""The table `email_change`, and what it does to an account and its ways in."""

from dataclasses import dataclass

import asyncpg

from banyan.foundation.db import Row, Tx
from banyan.users.domain.emails import Email
from banyan.users.storage import Source

_COLUMNS = "id, account_id, old_raw, old_canonical, new_raw, new_canonical"
_SET = """
UPDATE account SET email_raw = $3, email_canonical = $4, version = version + 1, epoch = epoch + 1,
    email_proved_at = CASE WHEN $5 THEN shop_now() ELSE email_proved_at END
WHERE id = $1 AND email_canonical = $2 AND status = 'active'"""
_PROMISED = """
SELECT EXISTS (SELECT FROM email_change
    WHERE old_canonical = $2 AND account_id <> $1 AND undone_at IS NULL
      AND confirmed_at IS NOT NULL AND undo_until > shop_now())"""
_SINCE = "account_id = $1 AND created_at >= (SELECT created_at FROM email_change WHERE id = $2)"


class Taken(Exception):
    """Another account has the address."""


@dataclass(frozen=True, slots=True)
class Change:
    """From one address to another."""

    id: str
    account_id: str
    old_raw: str
    old_canonical: str
    new_raw: str
    new_canonical: str


async def add(tx: Tx, change: Change, confirm_hash: bytes, seconds: float) -> None:
    """Asked for; whatever was asked for before is void."""
    await tx.execute(
        "UPDATE email_change SET expires_at = shop_now() WHERE account_id = $1 AND confirmed_at IS NULL",
        change.account_id,
    )
    await tx.execute(
        f"""INSERT INTO email_change ({_COLUMNS}, confirm_hash, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, shop_now() + make_interval(secs => $8))""",
        *(getattr(change, name) for name in Change.__dataclass_fields__),
        confirm_hash,
        seconds,
    )


async def to_confirm(source: Source, confirm_hash: bytes) -> Change | None:
    row = await source.fetchrow(
        f"""SELECT {_COLUMNS} FROM email_change
        WHERE confirm_hash = $1 AND confirmed_at IS NULL AND expires_at > shop_now()""",
        confirm_hash,
    )
    return _change(row)


async def to_undo(source: Source, undo_hash: bytes) -> Change | None:
    row = await source.fetchrow(
        f"SELECT {_COLUMNS} FROM email_change WHERE undo_hash = $1 AND undone_at IS NULL AND undo_until > shop_now()",
        undo_hash,
    )
    return _change(row)


async def confirm(tx: Tx, change: Change, undo_hash: bytes, undo_seconds: float) -> bool:
    """Use the change up; False when somebody did. The undo link is the one whose digest this is."""
    return bool(
        await tx.execute(
            """UPDATE email_change SET confirmed_at = shop_now(), undo_hash = $2,
                undo_until = shop_now() + make_interval(secs => $3)
            WHERE id = $1 AND confirmed_at IS NULL AND expires_at > shop_now()""",
            change.id,
            undo_hash,
            undo_seconds,
        )
    )


async def undo(tx: Tx, change: Change) -> bool:
    """Use the way back up, and void what was asked for meanwhile."""
    done = await tx.execute(
        """UPDATE email_change SET undone_at = shop_now()
        WHERE id = $1 AND undone_at IS NULL AND undo_until > shop_now()""",
        change.id,
    )
    await tx.execute(
        "UPDATE email_change SET expires_at = shop_now() WHERE account_id = $1 AND confirmed_at IS NULL",
        change.account_id,
    )
    return bool(done)


async def undo_later(tx: Tx, change: Change) -> None:
    """Changes after this one are taken back with it: their own ways back lead nowhere."""
    await tx.execute(
        """UPDATE email_change SET undone_at = shop_now()
        WHERE account_id = $1 AND undone_at IS NULL AND confirmed_at IS NOT NULL AND id > $2""",
        change.account_id,
        change.id,
    )


async def set_email(tx: Tx, account_id: str, now: str, email: Email, *, proved: bool) -> bool:
    """Another address; False when the account has not the address `now` any more. Taken, also by who may yet take it back."""
    if await tx.fetchval(_PROMISED, account_id, email.canonical):
        raise Taken
    try:
        return bool(await tx.execute(_SET, account_id, now, email.raw, email.canonical, proved))
    except asyncpg.UniqueViolationError:
        raise Taken from None


async def forget_since(tx: Tx, change: Change) -> None:
    """The password, and the passkeys and the app that came after the change was asked for."""
    await tx.execute(f"DELETE FROM passkey WHERE {_SINCE}", change.account_id, change.id)
    if await tx.execute(f"DELETE FROM totp WHERE {_SINCE}", change.account_id, change.id):
        await tx.execute("DELETE FROM recovery_code WHERE account_id = $1", change.account_id)
    await tx.execute(
        """UPDATE account SET password_scheme = NULL, password_hash = NULL, legacy_scheme = NULL, legacy_hash = NULL
        WHERE id = $1""",
        change.account_id,
    )


async def forget_old(tx: Tx) -> int:
    """Delete changes of a month ago."""
    return await tx.execute("DELETE FROM email_change WHERE created_at < shop_now() - interval '30 days'")


def _change(row: Row | None) -> Change | None:
    return None if row is None else Change(**{name: row[name] for name in Change.__dataclass_fields__})
