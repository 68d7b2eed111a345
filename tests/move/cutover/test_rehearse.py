"""A rehearsal tells how long the pause will be, and leaves the shop as it was."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from tests.conftest import OpenShop
from tests.move.cutover.conftest import MakeWorld
from tests.move.cutover.world import GROUP, Wares, catalog

from banyan.move.app import service
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.rehearse import rehearse
from banyan.move.mover import Mover


async def test_a_rehearsal_forecasts_the_pause_on_a_copy(world: MakeWorld, open_shop: OpenShop) -> None:
    w: Any = await world()
    w.sql("CREATE TRIGGER theirs AFTER INSERT ON ware FOR EACH ROW SET @seen = NEW.ware_id")
    ground = await w.ground()
    before = w.sql("SHOW DATABASES")

    @asynccontextmanager
    async def stage(url: str) -> AsyncIterator[Any]:
        shop = await open_shop(service(), catalog(), legacy_url=SecretStr(url), legacy_shop="opencart4")
        shop.work(catalog())
        mover = await Mover.open(shop.ports["move"], Wares())
        yield mover
        await mover.source.close()

    told = await rehearse(ground, GROUP, stage, rounds=2, max_pause=3)
    assert told.went_well, told.lines()
    assert len(told.turns) == 4
    assert told.rows == 20
    assert told.as_json()["forecast_ms"]["cutover"]["median"] > 0
    assert any("writes will wait about" in line for line in told.lines())
    assert w.sql("SHOW DATABASES") == before
    assert (await w.group()).owner == "legacy"
    assert await w.ours() == w.theirs()
    dry = await cutover(ground, GROUP, overrides={"coverage": "a test"}, rehearsal=True, dry_run=True)
    assert dry.outcome == "dry_run"
