"""A database and a role for each service: none reads another's tables, and asking again changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from banyan.foundation import databases
from banyan.foundation.free_ports import free_port
from banyan.kernel.refusals import Unavailable


@pytest.fixture
async def cleaned(server: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection; what begins with `own_` is gone afterwards."""
    con = await asyncpg.connect(server)
    yield con
    for row in await con.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'own\\_%'"):
        await con.execute(f"DROP DATABASE {row[0]} WITH (FORCE)")
    for row in await con.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'own\\_%' ORDER BY 1 DESC"):
        await con.execute(f"DROP OWNED BY {row[0]}")
        await con.execute(f"DROP ROLE {row[0]}")
    await con.close()


async def test_no_service_reaches_anothers_database(server: str, cleaned: asyncpg.Connection) -> None:
    urls = await databases.ensure(server, ("orders", "payments"), "own")
    payments = await asyncpg.connect(urls["payments"])
    await payments.execute("CREATE TABLE card (number text); INSERT INTO card VALUES ('4242')")
    await payments.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(urls["orders"], database="own_payments")
    orders = await asyncpg.connect(urls["orders"])
    with pytest.raises(asyncpg.FeatureNotSupportedError, match="cross-database"):
        await orders.fetch("SELECT * FROM own_payments.public.card")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await orders.execute("SET ROLE own_payments")
    await orders.close()


async def test_a_services_role_owns_its_database_and_nothing_more(server: str, cleaned: asyncpg.Connection) -> None:
    await databases.ensure(server, ("orders",), "own")
    role = await cleaned.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'own_orders'")
    assert role is not None
    assert not any(role[right] for right in ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication"))


async def test_asking_again_gives_the_same_databases_with_what_is_in_them(
    server: str, cleaned: asyncpg.Connection
) -> None:
    first = await databases.ensure(server, ("orders",), "own")
    con = await asyncpg.connect(first["orders"])
    await con.execute("CREATE TABLE kept ()")
    await con.close()
    again = await databases.ensure(server, ("orders", "bus"), "own")
    assert again["orders"] == first["orders"]
    con = await asyncpg.connect(again["orders"])
    assert await con.fetchval("SELECT count(*) FROM kept") == 0
    await con.close()


async def test_many_who_start_at_once_make_each_database_once(server: str, cleaned: asyncpg.Connection) -> None:
    made = await asyncio.gather(*(databases.ensure(server, ("users", "bus"), "own") for _ in range(5)))
    assert all(each == made[0] for each in made)
    assert await cleaned.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'own\\_%'") == 2


async def test_a_servers_user_who_may_create_roles_and_databases_is_enough(
    server: str, cleaned: asyncpg.Connection
) -> None:
    """As managed servers have it: nobody is superuser there."""
    await cleaned.execute("CREATE ROLE own_admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'")
    managed = server.replace("postgres:@", "own_admin:x@")
    assert managed != server
    for _ in range(2):
        urls = await databases.ensure(managed, ("orders", "payments"), "own")
    con = await asyncpg.connect(urls["orders"])
    await con.execute("CREATE TABLE one ()")
    await con.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls["orders"], database="own_payments")


def test_a_role_has_a_password_of_its_own_that_only_the_servers_url_gives() -> None:
    url = "postgresql://admin:secret@db.example:5433/postgres?sslmode=require"
    made = databases.url_of(url, "orders")
    parts = urlsplit(made)
    assert (parts.username, parts.hostname, parts.port, parts.path) == (
        "banyan_orders",
        "db.example",
        5433,
        "/banyan_orders",
    )
    assert parts.query == "sslmode=require"
    assert parts.password != urlsplit(databases.url_of(url, "payments")).password
    assert parts.password != urlsplit(databases.url_of(url.replace("secret", "other"), "orders")).password
    assert "secret" not in made


async def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="PostgreSQL does not answer"):
        await databases.ensure(f"postgresql://nobody:@127.0.0.1:{free_port()}/postgres", ("orders",))
