"""The toy shop of the mover's tests, followed by Debezium's events instead of the binlog."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.mover import Mover
from tests.backends.kafka_server import KafkaServer, started
from tests.conftest import OpenShop
from tests.move.core.conftest import Moving, fill
from tests.move.core.toy import SCHEMA, Shelves, Toy
from tests.move.debezium.engine import Engine


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A Kafka broker of this test run alone."""
    server = started(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop(kill=True)


MakeToldOf = Callable[..., Awaitable[tuple[Moving, Engine]]]


@pytest.fixture
async def told_of(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str], tmp_path: Path
) -> AsyncIterator[MakeToldOf]:
    """`m, engine = await told_of()`: a toy shop that is prepared, its engine running; by Kafka where a broker is given."""
    made: list[tuple[Moving, Engine]] = []

    async def make(
        *extra: str, makers: int = 50, kafka: KafkaServer | None = None, **settings: str
    ) -> tuple[Moving, Engine]:
        database = legacy_database("")
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
