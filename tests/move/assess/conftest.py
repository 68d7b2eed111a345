"""A server of our own with every setting as a move needs it, and a small clean shop on it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from banyan.move.demo.mariadb import INSTALL, MariaDb
from banyan.move.source import Source
from tests.move.assess.little import CLEAN, run


@pytest.fixture(scope="session")
def server() -> Iterator[MariaDb]:
    """All its settings are good; a test that changes one puts it back."""
    if shutil.which("mariadbd") is None:
        pytest.skip(INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="banyan-mariadb-"))
    # A starting server clears its temporary folder of other servers' tables, and those that still use them crash.
    own = MariaDb(folder, {"innodb-buffer-pool-size": "32M", "sync-binlog": "1", "tmpdir": str(folder)})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(folder))  # for what makes the data folder
        own.start()
    yield own
    own.stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


_count = 0


@pytest.fixture
def shop(server: MariaDb) -> Iterator[Callable[..., Source]]:
    """Make a clean shop, spoil it by a script, and give where it is. It is gone after the test."""
    made = []

    def make(script: str = "") -> Source:
        global _count
        _count += 1
        name = f"doctored_{_count}"
        made.append(name)
        run(server, None, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        run(server, name, CLEAN)
        run(server, name, script)
        return Source(server.url(name))

    yield make
    for name in made:
        run(server, None, f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def real_shop(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Callable[[str], Source]:
    """An installed shop out of its dump, loaded once for all who only look at it."""
    loaded: dict[str, Source] = {}

    def load(dump: str) -> Source:
        if dump not in loaded:
            loaded[dump] = Source(mariadb.url(legacy_database(dump)))
        return loaded[dump]

    return load
