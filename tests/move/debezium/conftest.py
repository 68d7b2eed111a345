"""The toy shop of the mover's tests, followed by Debezium's events instead of the binlog."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from banyan.move.app import service
from banyan.move.demo.mariadb import INSTALL, MariaDb
from banyan.move.mover import Mover
from tests.backends.kafka_server import KafkaServer, started
from tests.conftest import OpenShop
from tests.move.core.conftest import Moving, fill
from tests.move.core.toy import SCHEMA, Shelves, Toy
from tests.move.debezium.engine import Engine


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A Kafka broker of this test run alone."""
    server = started(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop(kill=True)


@pytest.fixture(scope="package")
def plain_mariadb() -> Iterator[MariaDb]:
    """A server of these tests alone: Debezium reads the tables of every database there is, and some of those that other
    tests make (uuid, inet6 …) are beyond its parser."""
    if shutil.which("mariadbd") is None:
        pytest.skip(INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="banyan-debezium-"))
    server = MariaDb(folder, {"innodb-buffer-pool-size": "64M", "sync-binlog": "0"})
    server.start()
    yield server
    server.stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


_count = 0


def _database(mariadb: MariaDb) -> str:
    global _count
    _count += 1
    with mariadb.connect() as con, con.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE told_{_count}")
    return f"told_{_count}"


MakeToldOf = Callable[..., Awaitable[tuple[Moving, Engine]]]


@pytest.fixture
async def told_of(open_shop: OpenShop, plain_mariadb: MariaDb, tmp_path: Path) -> AsyncIterator[MakeToldOf]:
    """`m, engine = await told_of()`: a toy shop that is prepared, its engine running; by Kafka where a broker is given."""
    made: list[tuple[Moving, Engine]] = []
    mariadb = plain_mariadb

    async def make(
        *extra: str, makers: int = 50, kafka: KafkaServer | None = None, **settings: str
    ) -> tuple[Moving, Engine]:
        database = _database(mariadb)
        con = mariadb.connect(database)
        with con.cursor() as cursor:
            for statement in (*SCHEMA, *extra):
                cursor.execute(statement)
            fill(cursor, makers, 10)
        to = f"kafka:{kafka.address}" if kafka else str(tmp_path / "events.jsonl")
        stream = f"kafka://{kafka.address}/{database}" if kafka else f"file://{to}"
        given = {name.replace("_", "."): value for name, value in settings.items()}
        engine = Engine(mariadb, database, tmp_path, to, prefix=database, settings=given)
        engine.start()
        url = SecretStr(mariadb.url(database))
        shop = await open_shop(service(), legacy_url=url, legacy_shop="toy", legacy_stream=stream)
        ports, catalog = shop.ports["move"], Shelves()
        shop.peers.add("catalog", catalog.local(ports))
        m = Moving(ports, await Mover.open(ports, Toy()), con, catalog, mariadb, database)
        made.append((m, engine))
        await m.mover.prepare()
        return m, engine

    yield make
    for m, engine in made:
        engine.stop(kill=True)
        await m.rest()
        await m.mover.source.close()
        m.con.close()
