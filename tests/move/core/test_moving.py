"""A shop is copied, followed and told of, and each of the mover's promises about that holds."""

from banyan.move.status import status
from banyan.move.storage import checkpoints
from tests.move.core.conftest import MakeMoving


async def test_a_shop_is_copied_followed_and_told_of(moving: MakeMoving) -> None:
    m = await moving(makers=300, work=True)
    await m.copied()
    await m.same()
    assert len(m.catalog.names("brand")) == 300
    assert len(m.catalog.names("category")) == 10
    m.sql("UPDATE toy_maker SET name = 'Neu' WHERE maker_id = 5")
    m.sql("DELETE FROM toy_maker WHERE maker_id = 6")
    m.sql("INSERT INTO toy_shelf VALUES ('Extra', 'extra', NULL)")
    await m.settled()
    await m.same()
    assert "Maker of Neu text 5 🪑 text 5 🪑" in m.catalog.names("brand")
    assert "extra" in m.catalog.names("category")
    assert len(m.catalog.names("brand")) == 299


async def test_an_idle_shop_is_not_behind_and_a_log_that_is_about_to_go_is_a_warning(moving: MakeMoving) -> None:
    m = await moving(makers=3, work=True)
    await m.copied()
    m.sql("FLUSH BINARY LOGS")  # the log goes on in a file that holds no transaction yet

    before = await checkpoints.overview(m.ports.db)
    assert before is not None
    m.sql("CREATE TABLE of_nobody (a int)")

    async def moved() -> bool:
        stream = await checkpoints.overview(m.ports.db)
        return stream is not None and stream["at"] > before["at"] and stream["lag_seconds"] == 0

    await m.until(moved)
    await m.rest()
    await checkpoints.pulse(m.ports.db, head_at=None, slack=0.1, throttled=None, p50=1, p99=2)
    lines = (await status(m.ports.db, m.mover.adapter)).lines()
    assert any("WARNING: 10%" in line for line in lines)
