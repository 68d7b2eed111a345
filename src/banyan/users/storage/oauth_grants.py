"""The tables `oauth_code` and `oauth_grant`: codes on their way, and the sessions that came of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.oauth import CODE_SECONDS
from banyan.users.storage import Source

_OF = {"client": "client_id = {}", "account": "account_id = {}", "accounts": "account_id = ANY({})"}
_USE = """
UPDATE oauth_code SET used_at = shop_now(), family_id = $2
WHERE hash = $1 AND used_at IS NULL AND expires_at > shop_now()"""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, as it stands."""

    client_id: str
    account_id: str
    session_id: str
    epoch: int
    redirect_uri: str
    challenge: str
    scopes: frozenset[str]
    nonce: str | None
    method: str
    signed_in_at: datetime
    family_id: str | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class Granted:
    """A session that was given to a client."""

    session_id: str
    account_id: str
    client_id: str
    scopes: frozenset[str]


async def add_code(tx: Tx, code_hash: bytes, code: Code) -> None:
    await tx.execute(
        """INSERT INTO oauth_code (hash, client_id, account_id, session_id, epoch, redirect_uri, challenge, scopes, nonce,
            method, signed_in_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, shop_now() + make_interval(secs => $12))""",
        code_hash,
        code.client_id,
        code.account_id,
        code.session_id,
        code.epoch,
        code.redirect_uri,
        code.challenge,
        sorted(code.scopes),
        code.nonce,
        code.method,
        code.signed_in_at,
        float(CODE_SECONDS),
    )


async def code(source: Source, code_hash: bytes) -> Code | None:
    """A code, used up or not; `live` until its minute is over."""
    row = await source.fetchrow(
        """SELECT client_id, account_id, session_id, epoch, redirect_uri, challenge, scopes, nonce, method, signed_in_at,
            family_id, expires_at > shop_now() AS live FROM oauth_code WHERE hash = $1""",
        code_hash,
    )
    if row is None:
        return None
    return Code(**{**{name: row[name] for name in Code.__dataclass_fields__}, "scopes": frozenset(row["scopes"])})


async def use_code(tx: Tx, code_hash: bytes, family_id: str) -> bool:
    """Use it up for the session that comes of it; False when it was used, or its minute is over."""
    return bool(await tx.execute(_USE, code_hash, family_id))


async def give(tx: Tx, granted: Granted, seconds: float) -> None:
    """The session is this client's, for as long as it can live."""
    await tx.execute(
        """INSERT INTO oauth_grant (session_id, account_id, client_id, scopes, expires_at)
        VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5))""",
        granted.session_id,
        granted.account_id,
        granted.client_id,
        sorted(granted.scopes),
        seconds,
    )


async def of_session(source: Source, session_id: str) -> Granted | None:
    """Whose session it is; None: the shop's own."""
    row = await source.fetchrow(
        "SELECT session_id, account_id, client_id, scopes FROM oauth_grant WHERE session_id = $1", session_id
    )
    return None if row is None else _granted(row)


async def of_client(source: Source, client_id: str, account_id: str | None = None) -> list[Granted]:
    """The sessions a client was given; of one account, or of all."""
    of, values = where(_OF, client=client_id, account=account_id)
    rows = await source.fetch(
        f"SELECT session_id, account_id, client_id, scopes FROM oauth_grant {of} AND expires_at > shop_now()", *values
    )
    return [*map(_granted, rows)]


async def void_codes(tx: Tx, client_id: str, account_ids: Collection[str] | None = None) -> None:
    """Codes that were not used yet never will be."""
    of, values = where(_OF, client=client_id, accounts=None if account_ids is None else list(account_ids))
    await tx.execute(f"DELETE FROM oauth_code {of} AND used_at IS NULL", *values)


async def forget_old(tx: Tx, days: int) -> None:
    """Codes of yesterday, and grants of sessions that nobody knows any more."""
    await tx.execute("DELETE FROM oauth_code WHERE expires_at < shop_now() - interval '1 day'")
    await tx.execute("DELETE FROM oauth_grant WHERE expires_at < shop_now() - make_interval(days => $1)", days)


def _granted(row: Row) -> Granted:
    return Granted(row["session_id"], row["account_id"], row["client_id"], frozenset(row["scopes"]))
