"""One stage for each test: it is quick to set up, and tests change it."""

from pathlib import Path

import pytest

from tests.console.browser import Browser
from tests.console.stage import Stage, set_up


@pytest.fixture
async def stage(tmp_path: Path) -> Stage:
    return await set_up(tmp_path)


@pytest.fixture
async def operator(stage: Stage) -> Browser:
    return await stage.signed_in("operator")
