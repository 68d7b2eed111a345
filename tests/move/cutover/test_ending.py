"""A group ends its move one way or the other, and the legacy tables are never dropped."""

from typing import Any

import pytest
from tests.move.cutover.conftest import MakeWorld
from tests.move.cutover.world import GROUP

from banyan.kernel.refusals import Conflict, Moving
from banyan.move.cutover.ending import abort, finalize
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reconcile import reconcile


async def test_an_end_is_only_reached_by_name_and_leaves_every_row(world: MakeWorld) -> None:
    w: Any = await world()
    ground = await w.ground()
    with pytest.raises(Conflict, match="only what our side owns"):
        await finalize(ground, GROUP)
    assert (await cutover(ground, GROUP, max_pause=3, overrides={"coverage": "a test"})).done
    with pytest.raises(Conflict, match="our side owns"):
        await abort(ground, GROUP)
    with pytest.raises(Conflict, match="can still go back for 14"):
        await finalize(ground, GROUP)
    ended = await finalize(ground, GROUP, typed=GROUP)
    assert ended.renamed == {"ware": "banyan_moved_ware", "ware_note": "banyan_moved_ware_note"}
    assert w.sql("SELECT count(*) FROM banyan_moved_ware") == ((10,),)
    assert (await finalize(ground, GROUP)).renamed == {}
    await w.sell("old 1", 5)
    await reconcile(ground)
    await w.sell("old 1", 6)
    assert (await w.group()).state == "finalized"


async def test_a_move_that_is_called_off_leaves_the_legacy_shop_as_it_was(world: MakeWorld) -> None:
    w: Any = await world()
    ground = await w.ground()
    await reconcile(ground)
    with pytest.raises(Moving):
        await w.sell("old 1", 5)
    assert (await abort(ground, GROUP)).state == "aborted"
    w.sql("UPDATE ware SET position = 77 WHERE name = 'old 1'")
    assert w.sql("SHOW TRIGGERS") == ()
    with pytest.raises(Conflict, match="state: catalog is aborted"):
        await cutover(ground, GROUP)
