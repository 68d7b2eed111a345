"""Two generated shops with all the dirt of years, and an installed OpenCart 3, each moved in once for all tests here."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from banyan.move.demo.mariadb import PASSWORD, USER, MariaDb
from tests.move.conftest import LEGACY
from tests.move.whole.world import Whole, moved_in

SMALL = {"products": 200, "categories": 40, "customers": 400, "orders": 700}
FULL = os.environ.get("SHOP_MOVE_FULL") == "1"
"""The whole size of the generator: 5,019 products, 20,001 customers, 40,005 orders."""


@pytest.fixture(scope="package", params=[1, 2], ids=["seed 1", "seed 2"])
async def whole(
    request: pytest.FixtureRequest,
    server: str,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Whole]:
    """A generated OpenCart 4.1 shop that has traded for six years, moved in."""
    database, folder = legacy_database("opencart-4.1"), tmp_path_factory.mktemp("whole")
    manifest = folder / "manifest.json"
    generate(mariadb, database, request.param, manifest)
    async with moved_in(server, folder, mariadb, database, "opencart4", json.loads(manifest.read_text())) as made:
        yield made


@pytest.fixture(scope="package")
async def third(
    server: str, mariadb: MariaDb, legacy_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Whole]:
    """An installed OpenCart 3.0 shop, its tables MyISAM, moved in."""
    database, folder = legacy_database("opencart-3.0"), tmp_path_factory.mktemp("third")
    async with moved_in(server, folder, mariadb, database, "opencart3", {}) as made:
        yield made


def generate(mariadb: MariaDb, database: str, seed: int, manifest: Path) -> None:
    """Grow the shop in this database."""
    sizes = {} if FULL else SMALL
    asked = [f"--{name}={value}" for name, value in {"seed": seed, "port": mariadb.port, **sizes}.items()]
    login = ["--user", USER, "--password", PASSWORD, "--db", database, "--manifest", str(manifest)]
    subprocess.run([sys.executable, str(LEGACY / "generate.py"), *asked, *login], check=True)
