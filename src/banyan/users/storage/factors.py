"""The tables `totp`, `recovery_code`, `second_step` and `session_proof`."""

from dataclasses import dataclass, field
from datetime import datetime

from banyan.foundation.db import Tx
from banyan.users.domain.factors import Factors
from banyan.users.storage import Source

_READ = """
SELECT (SELECT count(*) FROM passkey WHERE account_id = a.id) AS passkeys,
    EXISTS (SELECT FROM totp WHERE account_id = a.id AND confirmed_at IS NOT NULL) AS totp,
    (SELECT count(*) FROM recovery_code WHERE account_id = a.id AND used_at IS NULL) AS recovery_codes,
    a.password_hash IS NOT NULL AS password, a.email_proved_at IS NOT NULL AS mailbox_proved
FROM account AS a WHERE a.id = $1"""
_BEGIN_TOTP = """
INSERT INTO totp (account_id, sealed) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, last_step = 0, created_at = shop_now()
WHERE totp.confirmed_at IS NULL"""
_PROVE = """
INSERT INTO session_proof AS p (session_id, account_id, strong) VALUES ($1, $2, $3)
ON CONFLICT (session_id) DO UPDATE SET strong = p.strong OR excluded.strong, proved_at = shop_now()"""


@dataclass(frozen=True, slots=True)
class Totp:
    """An app's secret, sealed."""

    sealed: bytes = field(repr=False)
    last_step: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits for its second step."""

    account_id: str
    epoch: int
    method: str
    tries: int


async def read(source: Source, account_id: str) -> Factors:
    row = await source.fetchrow(_READ, account_id)
    assert row is not None
    return Factors(**{name: row[name] for name in Factors.__dataclass_fields__})


async def totp(source: Source, account_id: str) -> Totp | None:
    row = await source.fetchrow(
        "SELECT sealed, last_step, confirmed_at IS NOT NULL AS confirmed FROM totp WHERE account_id = $1", account_id
    )
    return None if row is None else Totp(row["sealed"], row["last_step"], row["confirmed"])


async def begin_totp(tx: Tx, account_id: str, sealed: bytes) -> bool:
    """Keep a secret that is not in force yet; False when one is."""
    return bool(await tx.execute(_BEGIN_TOTP, account_id, sealed))


async def confirm_totp(tx: Tx, account_id: str, sealed: bytes, step: int) -> bool:
    """From now on codes are asked for; False when another secret was begun meanwhile, or one is in force."""
    return bool(
        await tx.execute(
            """UPDATE totp SET confirmed_at = shop_now(), last_step = $3
            WHERE account_id = $1 AND sealed = $2 AND confirmed_at IS NULL""",
            account_id,
            sealed,
            step,
        )
    )


async def use_step(tx: Tx, account_id: str, step: int) -> bool:
    """A code is used up, and all before it; False when it was used."""
    return bool(
        await tx.execute(
            """UPDATE totp SET last_step = $2
            WHERE account_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL""",
            account_id,
            step,
        )
    )


async def remove_totp(tx: Tx, account_id: str) -> bool:
    """With its recovery codes."""
    await tx.execute("DELETE FROM recovery_code WHERE account_id = $1", account_id)
    return bool(await tx.execute("DELETE FROM totp WHERE account_id = $1", account_id))


async def set_recovery_codes(tx: Tx, account_id: str, hashes: list[bytes]) -> None:
    """These and no others."""
    await tx.execute("DELETE FROM recovery_code WHERE account_id = $1", account_id)
    await tx.execute("INSERT INTO recovery_code (hash, account_id) SELECT unnest($2::bytea[]), $1", account_id, hashes)


async def use_recovery_code(tx: Tx, account_id: str, code_hash: bytes) -> bool:
    return bool(
        await tx.execute(
            "UPDATE recovery_code SET used_at = shop_now() WHERE hash = $2 AND account_id = $1 AND used_at IS NULL",
            account_id,
            code_hash,
        )
    )


async def await_second(tx: Tx, step_hash: bytes, account_id: str, epoch: int, method: str, seconds: float) -> None:
    await tx.execute(
        """INSERT INTO second_step (hash, account_id, epoch, method, expires_at)
        VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5))""",
        step_hash,
        account_id,
        epoch,
        method,
        seconds,
    )


async def awaiting(source: Source, step_hash: bytes) -> Waiting | None:
    row = await source.fetchrow(
        "SELECT account_id, epoch, method, tries FROM second_step WHERE hash = $1 AND expires_at > shop_now()",
        step_hash,
    )
    return None if row is None else Waiting(**{name: row[name] for name in Waiting.__dataclass_fields__})


async def count_try(tx: Tx, step_hash: bytes, most: int) -> bool:
    """One more try; False when there were too many."""
    return bool(
        await tx.execute("UPDATE second_step SET tries = tries + 1 WHERE hash = $1 AND tries < $2", step_hash, most)
    )


async def end_waiting(tx: Tx, step_hash: bytes) -> bool:
    return bool(await tx.execute("DELETE FROM second_step WHERE hash = $1 AND expires_at > shop_now()", step_hash))


async def prove(tx: Tx, session_id: str, account_id: str, *, strong: bool) -> None:
    """This session's owner proved themselves just now; `strong`: with a passkey, or a password or link and a code."""
    await tx.execute(_PROVE, session_id, account_id, strong)


async def proof(source: Source, session_id: str, account_id: str) -> tuple[bool, datetime | None]:
    """Whether a session is a strong one, and when its owner last proved themselves in it."""
    row = await source.fetchrow(
        "SELECT strong, proved_at FROM session_proof WHERE session_id = $1 AND account_id = $2", session_id, account_id
    )
    return (False, None) if row is None else (row["strong"], row["proved_at"])


async def forget(tx: Tx, account_id: str, *, keep_passkeys: bool = False) -> None:
    """All that an account could prove itself with, and every sign-in that waits."""
    if not keep_passkeys:
        await tx.execute("DELETE FROM passkey WHERE account_id = $1", account_id)
    await remove_totp(tx, account_id)
    await tx.execute("DELETE FROM second_step WHERE account_id = $1", account_id)
    await tx.execute("DELETE FROM outside_identity WHERE account_id = $1", account_id)


async def forget_old(tx: Tx) -> None:
    """Delete what waited in vain, and proofs of sessions that are over."""
    await tx.execute("DELETE FROM second_step WHERE expires_at < shop_now()")
    await tx.execute("DELETE FROM session_proof WHERE proved_at < shop_now() - interval '31 days'")
