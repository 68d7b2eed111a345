"""Folders for processes of their own, and one shop that tests may stop and start."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.stocking import stock

SKU = "STOP-1"


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """A folder whose path is short enough for sockets and open enough for the database's own user."""
    folder = Path(tempfile.mkdtemp(prefix="banyan-p-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
async def shop(scratch: Path) -> AsyncIterator[OwnShop]:
    """A shop with something to sell, perhaps not running."""
    async with own_shop(scratch / "shop", SystemClock(), options=("--empty",), rate_limits="false") as shop:
        await stock(scratch / "shop", SKU, 100)
        yield shop


@pytest.fixture
async def running(shop: OwnShop) -> OwnShop:
    """The same, started."""
    if shop.process is None or shop.process.returncode is not None:
        await shop.start()
    return shop
