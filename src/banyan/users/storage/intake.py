"""Customers that an old shop hands over, many in one statement."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from banyan.contracts.legacy import Customer, CustomerAddress
from banyan.foundation.db import Row, Tx
from banyan.users.storage.addresses import FIELDS

Rows = Sequence[Mapping[str, Any]]

# What an old shop can check goes back, where it is kept: of the same password it is the form which that shop knows.
_TOLD = """coalesce(a.legacy_scheme, a.password_scheme) AS password_scheme,
    coalesce(a.legacy_hash, a.password_hash) AS password_hash"""
_READ = f"""
SELECT a.id, a.email_raw, a.name, {_TOLD}, a.status, a.created_at,
    coalesce((a.preferences ->> 'marketing')::boolean, false) AS newsletter,
    (SELECT jsonb_agg(jsonb_build_object({", ".join(f"'{name}', {name}" for name in ("id", "is_default", *FIELDS))})
                      ORDER BY id) FROM address WHERE account_id = a.id) AS addresses
FROM account AS a WHERE a.id = ANY($1)"""
_NAMES = "id email_raw email_canonical name password_scheme password_hash newsletter status created_at"
_UNNEST = """unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
    $9::timestamptz[]) AS n (id, email_raw, email_canonical, name, password_scheme, password_hash, newsletter, status,
                             created_at)"""
_ADD = f"""
INSERT INTO account (id, email_raw, email_canonical, name, password_scheme, password_hash, preferences, status, created_at)
SELECT id, email_raw, email_canonical, name, password_scheme, password_hash,
    CASE WHEN newsletter THEN '{{"marketing": true}}'::jsonb ELSE '{{}}' END, status, created_at
FROM {_UNNEST} ORDER BY id"""
_SAME = "(coalesce(a.legacy_hash, a.password_hash) IS NOT DISTINCT FROM n.password_hash)"
# Who may sign in, and as whom, is no old shop's to say of those who work here.
_CHANGE = f"""
UPDATE account AS a SET name = n.name, created_at = n.created_at, version = a.version + 1,
    email_raw = n.email_raw, email_canonical = n.email_canonical, status = n.status,
    password_scheme = CASE WHEN {_SAME} THEN a.password_scheme ELSE n.password_scheme END,
    password_hash = CASE WHEN {_SAME} THEN a.password_hash ELSE n.password_hash END,
    legacy_scheme = CASE WHEN {_SAME} THEN a.legacy_scheme END,
    legacy_hash = CASE WHEN {_SAME} THEN a.legacy_hash END,
    preferences = CASE WHEN coalesce((a.preferences ->> 'marketing')::boolean, false) = n.newsletter THEN a.preferences
                       ELSE a.preferences || jsonb_build_object('marketing', n.newsletter) END,
    email_proved_at = CASE WHEN a.email_canonical = n.email_canonical THEN a.email_proved_at END,
    epoch = a.epoch + (a.status <> n.status OR NOT {_SAME})::integer
FROM {_UNNEST} WHERE a.id = n.id"""
_SET_ADDRESSES = f"""
INSERT INTO address AS a (id, account_id, is_default, {", ".join(FIELDS)})
SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], {", ".join(f"${n}::text[]" for n in range(4, 4 + len(FIELDS)))})
ON CONFLICT (id) DO UPDATE SET is_default = excluded.is_default, version = a.version + 1,
    {", ".join(f"{name} = excluded.{name}" for name in FIELDS)}"""


async def customers(tx: Tx, ids: Sequence[str]) -> dict[str, Customer]:
    """These accounts as records, by id."""
    return {row["id"]: _customer(row) for row in await tx.fetch(_READ, list(ids))}


async def canonical_of(tx: Tx, ids: Collection[str]) -> dict[str, str]:
    """The addresses of these accounts, as they are compared; nobody else changes one meanwhile."""
    rows = await tx.fetch(
        "SELECT id, email_canonical FROM account WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(ids)
    )
    return {row["id"]: row["email_canonical"] for row in rows}


async def holders(tx: Tx, canonical: Collection[str]) -> dict[str, str]:
    """Which account has each of these addresses."""
    rows = await tx.fetch("SELECT id, email_canonical FROM account WHERE email_canonical = ANY($1)", list(canonical))
    return {row["email_canonical"]: row["id"] for row in rows}


async def staff(tx: Tx, ids: Collection[str]) -> dict[str, Row]:
    """Those of these who have a role, with what decides who may sign in as them."""
    rows = await tx.fetch(
        f"""SELECT a.id, a.email_raw, a.email_canonical, {_TOLD}, a.status FROM account AS a
        WHERE a.id = ANY($1) AND a.roles <> '{{}}'""",
        list(ids),
    )
    return {row["id"]: row for row in rows}


async def owners(tx: Tx, address_ids: Collection[str]) -> dict[str, str]:
    """Whose these addresses are, by the address's id."""
    rows = await tx.fetch("SELECT id, account_id FROM address WHERE id = ANY($1)", list(address_ids))
    return {row["id"]: row["account_id"] for row in rows}


async def add(tx: Tx, rows: Rows) -> None:
    """UniqueViolationError when an e-mail address is another account's."""
    await tx.execute(_ADD, *_columns(rows, _NAMES))


async def vacate(tx: Tx, ids: Sequence[str]) -> None:
    """Take these accounts' e-mail addresses away for the moment, so that two can exchange theirs."""
    await tx.execute("UPDATE account SET email_canonical = id WHERE id = ANY($1)", list(ids))


async def change(tx: Tx, rows: Rows) -> None:
    """UniqueViolationError when an e-mail address is another account's."""
    await tx.execute(_CHANGE, *_columns(rows, _NAMES))


async def forget_legacy_hashes(tx: Tx) -> None:
    """No old shop gets any account back."""
    await tx.execute("UPDATE account SET legacy_scheme = NULL, legacy_hash = NULL WHERE legacy_hash IS NOT NULL")


async def end_sessions(tx: Tx, account_ids: Sequence[str], reason: str) -> set[str]:
    """End all sessions of these accounts; whose there were."""
    rows = await tx.fetch(
        """UPDATE session SET ended_at = shop_now(), end_reason = $2
        WHERE account_id = ANY($1) AND ended_at IS NULL RETURNING account_id""",
        list(account_ids),
        reason,
    )
    return {row["account_id"] for row in rows}


async def set_addresses(tx: Tx, account_ids: Iterable[str], rows: Rows) -> None:
    """The addresses of these accounts, all of them; `rows` name their `account_id`."""
    whose = sorted(account_ids)
    await tx.execute(
        "DELETE FROM address WHERE account_id = ANY($1) AND NOT id = ANY($2)", whose, [row["id"] for row in rows]
    )
    await tx.execute("UPDATE address SET is_default = false WHERE account_id = ANY($1) AND is_default", whose)
    await tx.execute(_SET_ADDRESSES, *_columns(rows, f"id account_id is_default {' '.join(FIELDS)}"))


def _customer(row: Row) -> Customer:
    addresses = tuple(
        CustomerAddress.model_validate(
            {"id": each["id"], "is_default": each["is_default"], "address": {name: each[name] for name in FIELDS}}
        )
        for each in row["addresses"] or ()
    )
    return Customer(
        id=row["id"],
        version=0,
        email=row["email_raw"],
        name=row["name"],
        password_scheme=row["password_scheme"],
        password_hash=row["password_hash"],
        addresses=addresses,
        newsletter=row["newsletter"],
        closed=row["status"] == "closed",
        created_at=row["created_at"],
    )


def _columns(rows: Rows, names: str) -> list[list[Any]]:
    return [[row[name] for row in rows] for name in names.split()]
