"""The tables `passkey` and `ceremony`."""

from dataclasses import dataclass, field
from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.users.domain.factors import Passkey
from banyan.users.storage import Source

_COLUMNS = "id, account_id, credential_id, public_key, sign_count, name, synced, transports, created_at, last_used_at"
_ADD = """
INSERT INTO passkey (id, account_id, credential_id, public_key, sign_count, name, synced, transports, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING"""
# The counter is compared where it is kept, so that of two uses of a copied key the second is seen for what it is.
_USED = """
UPDATE passkey SET sign_count = $3, synced = $4, last_used_at = shop_now()
WHERE id = $1 AND sign_count = $2"""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A challenge that was being waited for."""

    challenge: bytes = field(repr=False)
    account_id: str | None
    session_id: str | None
    facts: dict[str, Any]


async def add(tx: Tx, passkey: Passkey) -> bool:
    """Keep it; False when somebody has a credential of this id."""
    return bool(
        await tx.execute(
            _ADD,
            passkey.id,
            passkey.account_id,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.name,
            passkey.synced,
            list(passkey.transports),
            passkey.created_at,
        )
    )


async def of_account(source: Source, account_id: str) -> list[Passkey]:
    """The oldest first."""
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM passkey WHERE account_id = $1 ORDER BY id", account_id)
    return [_passkey(row) for row in rows]


async def by_credential(source: Source, credential_id: bytes) -> Passkey | None:
    row = await source.fetchrow(f"SELECT {_COLUMNS} FROM passkey WHERE credential_id = $1", credential_id)
    return None if row is None else _passkey(row)


async def used(tx: Tx, passkey: Passkey, sign_count: int, *, synced: bool) -> bool:
    """Keep the counter; False when the passkey was used meanwhile, or is gone."""
    return bool(await tx.execute(_USED, passkey.id, passkey.sign_count, sign_count, synced))


async def rename(tx: Tx, passkey_id: str, account_id: str, name: str) -> Passkey | None:
    row = await tx.fetchrow(
        f"UPDATE passkey SET name = $3 WHERE id = $1 AND account_id = $2 RETURNING {_COLUMNS}",
        passkey_id,
        account_id,
        name,
    )
    return None if row is None else _passkey(row)


async def remove(tx: Tx, passkey_id: str, account_id: str) -> bool:
    return bool(await tx.execute("DELETE FROM passkey WHERE id = $1 AND account_id = $2", passkey_id, account_id))


async def remove_all(tx: Tx, account_id: str, *, but: list[str] | None = None) -> int:
    return await tx.execute("DELETE FROM passkey WHERE account_id = $1 AND NOT id = ANY($2)", account_id, but or [])


async def begin(
    tx: Tx,
    ceremony_hash: bytes,
    purpose: str,
    challenge: bytes,
    seconds: float,
    *,
    account_id: str | None = None,
    session_id: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    await tx.execute(
        """INSERT INTO ceremony (hash, purpose, challenge, account_id, session_id, facts, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, shop_now() + make_interval(secs => $7))""",
        ceremony_hash,
        purpose,
        challenge,
        account_id,
        session_id,
        facts or {},
        seconds,
    )


async def take(tx: Tx, ceremony_hash: bytes, purpose: str) -> Ceremony | None:
    """End a ceremony, whatever comes of it; None when there is none of this purpose, or it is too late."""
    row = await tx.fetchrow(
        """DELETE FROM ceremony WHERE hash = $1 AND purpose = $2 AND expires_at > shop_now()
        RETURNING challenge, account_id, session_id, facts""",
        ceremony_hash,
        purpose,
    )
    return None if row is None else Ceremony(row["challenge"], row["account_id"], row["session_id"], row["facts"])


async def forget_old(tx: Tx) -> int:
    """Delete challenges that nobody answered in time."""
    return await tx.execute("DELETE FROM ceremony WHERE expires_at < shop_now()")


def _passkey(row: Row) -> Passkey:
    return Passkey(**{name: row[name] for name in Passkey.__dataclass_fields__} | {"transports": (*row["transports"],)})
