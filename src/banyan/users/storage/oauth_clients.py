"""The tables `oauth_client` and `oauth_consent`."""

from collections.abc import Collection
from datetime import datetime

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.oauth import Client
from banyan.users.storage import Source

_COLUMNS = "id, name, secret_hash, redirect_uris, scopes, grants, first_party, status, created_at"


async def by_id(source: Source, client_id: str) -> Client | None:
    row = await source.fetchrow(f"SELECT {_COLUMNS} FROM oauth_client WHERE id = $1", client_id)
    return None if row is None else _client(row)


async def after(source: Source, last: str | None, limit: int) -> list[Client]:
    """In the order they were made, from behind the one with id `last`."""
    narrowed, values = where({"after": "id > {}"}, 1, after=last)
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM oauth_client {narrowed} ORDER BY id LIMIT $1", limit, *values)
    return [*map(_client, rows)]


async def add(tx: Tx, client: Client) -> None:
    await tx.execute(
        """INSERT INTO oauth_client (id, name, secret_hash, redirect_uris, scopes, grants, first_party)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        client.id,
        client.name,
        client.secret_hash,
        list(client.redirect_uris),
        sorted(client.scopes),
        sorted(client.grants),
        client.first_party,
    )


async def set_secret(tx: Tx, client_id: str, secret_hash: bytes) -> bool:
    """A new secret for a confidential client; False for any other."""
    return bool(
        await tx.execute(
            """UPDATE oauth_client SET secret_hash = $2
            WHERE id = $1 AND secret_hash IS NOT NULL AND status = 'active'""",
            client_id,
            secret_hash,
        )
    )


async def close(tx: Tx, client_id: str) -> bool:
    """From now on nobody is known by this name; False when it was so."""
    return bool(
        await tx.execute("UPDATE oauth_client SET status = 'closed' WHERE id = $1 AND status = 'active'", client_id)
    )


async def names(source: Source, session_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """(id, name) of the clients that sessions were given to."""
    rows = await source.fetch(
        """SELECT g.session_id, c.id, c.name FROM oauth_grant AS g JOIN oauth_client AS c ON c.id = g.client_id
        WHERE g.session_id = ANY ($1)""",
        list(session_ids),
    )
    return {row["session_id"]: (row["id"], row["name"]) for row in rows}


# ---- consents -----------------------------------------------------------------------------------------------------


async def consented(source: Source, account_id: str, client_id: str) -> frozenset[str]:
    """What someone agreed to that this client may have."""
    found = await source.fetchval(
        "SELECT scopes FROM oauth_consent WHERE account_id = $1 AND client_id = $2", account_id, client_id
    )
    return frozenset(found or ())


async def consent(tx: Tx, account_id: str, client_id: str, scopes: Collection[str]) -> None:
    """Remember it, beside what was agreed to before."""
    await tx.execute(
        """INSERT INTO oauth_consent AS kept (account_id, client_id, scopes) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, client_id) DO UPDATE SET given_at = shop_now(),
            scopes = ARRAY (SELECT unnest(kept.scopes) UNION SELECT unnest(excluded.scopes) ORDER BY 1)""",
        account_id,
        client_id,
        sorted(scopes),
    )


async def consents(source: Source, account_id: str) -> list[tuple[Client, frozenset[str], datetime]]:
    """The clients that someone agreed to, the last first: which, to what, and when."""
    columns = ", ".join(f"c.{each.strip()}" for each in _COLUMNS.split(","))
    rows = await source.fetch(
        f"""SELECT {columns}, k.scopes AS agreed, k.given_at FROM oauth_consent AS k
        JOIN oauth_client AS c ON c.id = k.client_id WHERE k.account_id = $1 ORDER BY k.given_at DESC, c.id""",
        account_id,
    )
    return [(_client(row), frozenset(row["agreed"]), row["given_at"]) for row in rows]


async def withdraw(tx: Tx, account_id: str, client_id: str) -> bool:
    return bool(
        await tx.execute("DELETE FROM oauth_consent WHERE account_id = $1 AND client_id = $2", account_id, client_id)
    )


def _client(row: Row) -> Client:
    return Client(
        id=row["id"],
        name=row["name"],
        redirect_uris=tuple(row["redirect_uris"]),
        scopes=frozenset(row["scopes"]),
        grants=frozenset(row["grants"]),
        created_at=row["created_at"],
        secret_hash=row["secret_hash"],
        first_party=row["first_party"],
        status=row["status"],
    )
