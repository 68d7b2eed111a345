"""What the mover's tests stand on: one private MariaDB for the run, with dumps of real shops where they are at hand."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from banyan.move.demo.mariadb import INSTALL, MariaDb

LEGACY = Path(__file__).parents[3] / "shared" / "legacy"
"""Dumps of installed OpenCart shops, beside the checkout where there are any."""


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server of this test run alone."""
    if shutil.which("mariadbd") is None:
        pytest.skip(INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="banyan-mariadb-"))
    server = MariaDb(folder, {"innodb-buffer-pool-size": "64M", "sync-binlog": "0"})
    server.start()
    yield server
    server.stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


_count = 0


@pytest.fixture(scope="session")
def legacy_database(mariadb: MariaDb) -> Callable[[str], str]:
    """Make a new database and give its name: empty for `""`, else filled from `opencart-4.1` or `opencart-3.0`."""

    def make(dump: str = "") -> str:
        global _count
        _count += 1
        name = f"shop_{_count}"
        if not dump:
            with mariadb.connect() as con, con.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
            return name
        path = LEGACY / f"{dump}.sql.gz"
        if not path.exists():
            pytest.skip(f"{path.name} is not beside this checkout (../shared/legacy)")
        mariadb.load(name, path)
        return name

    return make
