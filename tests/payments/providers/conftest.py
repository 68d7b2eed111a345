"""One shop that deals with every provider, each with its own book beside it."""

import pytest

from tests.payments.conftest import OpenTill, Till
from tests.payments.providers.stages import STAGES, Stage, settings


@pytest.fixture(scope="module")
async def shop(open_till: OpenTill) -> Till:
    return await open_till(**settings())


@pytest.fixture(scope="module")
def stages(shop: Till) -> dict[str, Stage]:
    return {name: make(shop) for name, make in STAGES.items()}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, stages: dict[str, Stage]) -> Stage:
    stage = stages[request.param]
    stage.troubles.coming.clear()
    return stage
