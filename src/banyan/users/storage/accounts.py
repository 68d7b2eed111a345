"""The table `account`."""

from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.accounts import MAY_SET_ROLES, OPERATOR, Account
from banyan.users.storage import Source

Hash = tuple[str, str]
"""A scheme's name, and the hash."""

_COLUMNS = """id, email_raw, email_canonical, name, password_scheme, password_hash, roles, preferences, status, version,
    epoch, created_at"""
_LISTED = {"after": "id > {}", "email": "email_canonical = {}"}
_ADD = """
INSERT INTO account (id, email_raw, email_canonical, name, password_scheme, password_hash, roles, created_at,
    legacy_scheme, legacy_hash)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
WHERE NOT EXISTS (SELECT FROM email_change WHERE old_canonical = $3 AND undone_at IS NULL
    AND confirmed_at IS NOT NULL AND undo_until > shop_now())
ON CONFLICT (email_canonical) DO NOTHING"""
# As long as an old shop may get its accounts back, the hash it knows is kept beside the one of today.
_UPGRADE = """
UPDATE account SET password_scheme = $3, password_hash = $4,
    legacy_scheme = CASE WHEN $5 THEN coalesce(legacy_scheme, password_scheme) END,
    legacy_hash = CASE WHEN $5 THEN coalesce(legacy_hash, password_hash) END
WHERE id = $1 AND password_hash = $2"""
# Both checks are part of the statement: an actor who lost the right meanwhile, and the last operator, stop it.
_SET_ROLES = f"""
UPDATE account AS a SET roles = $2, version = version + 1, epoch = epoch + 1
WHERE a.id = $1 AND a.roles <> $2 AND a.status = 'active'
  AND ($5::integer IS NULL OR a.version = $5)
  AND EXISTS (SELECT FROM account AS actor WHERE actor.id = $3 AND actor.status = 'active' AND actor.roles && $4)
  AND ('{OPERATOR}' = ANY ($2) OR NOT '{OPERATOR}' = ANY (a.roles) OR EXISTS (
        SELECT FROM account AS other
        WHERE other.id <> a.id AND other.status = 'active' AND '{OPERATOR}' = ANY (other.roles)))
RETURNING {_COLUMNS}"""


async def add(tx: Tx, account: Account, legacy: Hash | None = None) -> bool:
    """Keep a new account; False when the address has one, or one may yet take it back.

    `legacy`: its password as an old shop could check it.
    """
    return bool(
        await tx.execute(
            _ADD,
            account.id,
            account.email,
            account.canonical,
            account.name,
            account.scheme,
            account.hash,
            list(account.roles),
            account.created_at,
            *(legacy or (None, None)),
        )
    )


async def by_id(source: Source, account_id: str) -> Account | None:
    return _account(await source.fetchrow(f"SELECT {_COLUMNS} FROM account WHERE id = $1", account_id))


async def by_email(source: Source, canonical: str) -> Account | None:
    return _account(await source.fetchrow(f"SELECT {_COLUMNS} FROM account WHERE email_canonical = $1", canonical))


async def bcrypt_cost(source: Source) -> int:
    """Of the dearest bcrypt hash that is kept; 0 when there is none."""
    return int(
        await source.fetchval("SELECT max(substr(password_hash, 5, 2)) FROM account WHERE password_scheme = 'bcrypt'")
        or 0
    )


async def lock(tx: Tx, account_id: str) -> bool:
    """Hold off other changes of the account and of what belongs to it; False when there is no such account."""
    found = await tx.fetchval("SELECT true FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
    return bool(found)


async def after(source: Source, last_id: str | None, canonical: str | None, limit: int) -> list[Account]:
    """Accounts in the order of their ids, from behind `last_id`; only the one with this address, when given."""
    narrowed, values = where(_LISTED, 1, after=last_id, email=canonical)
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM account {narrowed} ORDER BY id LIMIT $1", limit, *values)
    return [account for account in map(_account, rows) if account]


async def change_profile(
    tx: Tx, account_id: str, version: int, name: str | None, preferences: dict[str, Any]
) -> Account | None:
    """Set name (when given) and these preferences; None when the version is another."""
    return _account(
        await tx.fetchrow(
            f"""UPDATE account SET name = coalesce($3, name), preferences = preferences || $4, version = version + 1
            WHERE id = $1 AND version = $2 AND status = 'active' RETURNING {_COLUMNS}""",
            account_id,
            version,
            name,
            preferences,
        )
    )


async def set_password(tx: Tx, account_id: str, epoch: int, new: Hash, legacy: Hash | None) -> bool:
    """A password chosen anew; False when something of the account's rights changed since it was read."""
    return bool(
        await tx.execute(
            """UPDATE account SET password_scheme = $3, password_hash = $4, legacy_scheme = $5, legacy_hash = $6,
                version = version + 1, epoch = epoch + 1
            WHERE id = $1 AND epoch = $2 AND status = 'active'""",
            account_id,
            epoch,
            *new,
            *(legacy or (None, None)),
        )
    )


async def upgrade_hash(tx: Tx, account_id: str, old: str, new: Hash, *, keep_old: bool) -> None:
    """The same password under today's scheme, unless it was changed meanwhile."""
    await tx.execute(_UPGRADE, account_id, old, *new, keep_old)


async def is_proved(source: Source, account_id: str) -> bool:
    """Whether its owner has shown to read the mailbox."""
    return bool(
        await source.fetchval("SELECT true FROM account WHERE id = $1 AND email_proved_at IS NOT NULL", account_id)
    )


async def prove_email(tx: Tx, account_id: str) -> bool:
    """Its owner has shown to read the mailbox; whether for the first time. A password set before that is forgotten."""
    return bool(
        await tx.execute(
            """UPDATE account SET email_proved_at = shop_now(), password_hash = NULL, password_scheme = NULL,
                   legacy_hash = NULL, legacy_scheme = NULL,
                   version = version + 1, epoch = epoch + 1
               WHERE id = $1 AND email_proved_at IS NULL""",
            account_id,
        )
    )


async def lock_operators(tx: Tx) -> None:
    """One change of who may give roles at a time, or two could remove each other at once. In order, so none deadlock."""
    await tx.fetch(
        "SELECT id FROM account WHERE roles <> '{}' AND roles && $1 ORDER BY id FOR UPDATE", sorted(MAY_SET_ROLES)
    )


async def set_roles(tx: Tx, account_id: str, roles: list[str], *, actor_id: str, version: int | None) -> Account | None:
    """Give exactly these roles. None when nothing was to change, the version is another (if one is given), the actor may
    not, or nobody would be operator."""
    return _account(await tx.fetchrow(_SET_ROLES, account_id, roles, actor_id, sorted(MAY_SET_ROLES), version))


async def appoint(tx: Tx, account_id: str) -> bool:
    """Make an existing account operator, without the password it had; False when it is one already."""
    return bool(
        await tx.execute(
            f"""UPDATE account SET roles = array_append(roles, '{OPERATOR}'), password_scheme = NULL,
                password_hash = NULL, legacy_scheme = NULL, legacy_hash = NULL, version = version + 1, epoch = epoch + 1
            WHERE id = $1 AND status = 'active' AND NOT '{OPERATOR}' = ANY (roles)""",
            account_id,
        )
    )


def _account(row: Row | None) -> Account | None:
    if row is None:
        return None
    return Account(
        id=row["id"],
        email=row["email_raw"],
        canonical=row["email_canonical"],
        name=row["name"],
        scheme=row["password_scheme"],
        hash=row["password_hash"],
        roles=tuple(row["roles"]),
        preferences=row["preferences"],
        status=row["status"],
        version=row["version"],
        epoch=row["epoch"],
        created_at=row["created_at"],
    )
