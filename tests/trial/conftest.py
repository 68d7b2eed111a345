"""A stage for simulated runs, on the test run's own database server."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from banyan.foundation.settings import Settings
from banyan.trial.sim.stage import CAST, Stage


@pytest.fixture(scope="module")
async def stage(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("sim"), search_url="embedded://memory")
    made = await Stage.open(settings, await fresh(*CAST))
    yield made
    await made.close()
