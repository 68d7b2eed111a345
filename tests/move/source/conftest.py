"""A legacy database of its own, and a connection as the mover makes it."""

from collections.abc import Callable, Iterator

import pytest

from banyan.move.demo.mariadb import MariaDb
from banyan.move.source import Connection, Source


@pytest.fixture
def source(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Source:
    return Source(mariadb.url(legacy_database("")))


@pytest.fixture
def con(source: Source) -> Iterator[Connection]:
    with source.connect() as connection:
        yield connection
