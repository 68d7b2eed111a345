"""A database and a role for each service on one PostgreSQL server: no service can read another's tables."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable


def password(server_url: str, name: str) -> str:
    """A role's password, derived from the server's own URL: nothing to keep, the same each time."""
    return hmac.new(server_url.encode(), f"banyan role {name}".encode(), sha256).hexdigest()


def url_of(server_url: str, name: str, prefix: str = "banyan") -> str:
    """The URL of database `banyan_<name>` with its own role, on the server of `server_url`."""
    parts = urlsplit(server_url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{prefix}_{name}:{password(server_url, name)}"
    return urlunsplit((parts.scheme, f"{login}@{host}", f"/{prefix}_{name}", parts.query, ""))


async def reach(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection. WrongSettings when this is no URL of a PostgreSQL database, Unavailable when nobody answers there."""
    try:
        return await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        raise Unavailable(f"PostgreSQL does not answer: {type(error).__name__}: {error}") from error
    except (ValueError, asyncpg.InterfaceError):  # whose words may hold the password
        raise WrongSettings(
            "a database is reached by postgresql://user:password@host:port/name; what is set is no such URL"
        ) from None


async def ensure(server_url: str, names: tuple[str, ...], prefix: str = "banyan") -> dict[str, str]:
    """Create the roles and databases that are missing; the URL of each. The server's user must be allowed to create them."""
    con = await reach(server_url)
    try:
        await con.execute("SELECT pg_advisory_lock(7064)")
        have = {row[0] for row in await con.fetch("SELECT datname FROM pg_database")}
        for name in names:
            role, secret = f"{prefix}_{name}", password(server_url, name)
            if role in have:
                await con.execute(f"ALTER ROLE {role} PASSWORD '{secret}'")
                continue
            await con.execute(f"""DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} LOGIN PASSWORD '{secret}';
                END IF; END $$""")
            await con.execute(f"GRANT {role} TO current_user")
            await con.execute(f"CREATE DATABASE {role} OWNER {role} ENCODING 'UTF8' TEMPLATE template0")
            await con.execute(f"REVOKE CONNECT ON DATABASE {role} FROM PUBLIC")
    finally:
        await con.close()
    return {name: url_of(server_url, name, prefix) for name in names}
