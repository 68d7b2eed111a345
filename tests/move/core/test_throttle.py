"""The copy rests when it should, says why, and goes on by itself; progress never goes backwards."""

import asyncio
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Invalid, NotFound
from banyan.move import throttle
from banyan.move.status import status
from banyan.move.throttle import within_hours
from tests.move.core.conftest import MakeMoving


@given(st.times())
def test_hours_may_go_over_midnight(now: time) -> None:
    assert within_hours("", now)
    assert within_hours("00:00-12:00,12:00-00:00", now)
    night = now >= time(22) or now < time(6)
    assert within_hours("22:00-06:00", now) is night
    assert within_hours("06:00-22:00", now) is not night


async def test_the_copy_rests_on_a_word_and_progress_never_goes_backwards(moving: MakeMoving) -> None:
    m = await moving(makers=6_000)
    db = m.ports.db
    for name, value, refusal in (
        ("speed", "1", NotFound),
        ("chunk_ms", "-1", Invalid),
        ("chunk_ms", "fast", Invalid),
        ("hours", "22-6", Invalid),
        ("replica", "postgres://x", WrongSettings),
    ):
        with pytest.raises(refusal):
            await throttle.turn(db, name, value, "test")
    with pytest.raises(Invalid, match="say why"):
        await throttle.rest(db, "Ada", " ")
    await throttle.turn(db, "chunk_ms", "1", "test")
    await m.mover.copy()
    # At rest before anybody works, so that it cannot be over before it rests.
    shown = await throttle.rest(db, "Ada", "the sale begins")
    assert shown.reason == "Ada said so: the sale begins"
    m.work()
    await asyncio.sleep(1)
    seen: list[tuple[float, int]] = []
    rested = False
    while True:
        (group,) = (await status(db, m.mover.adapter)).groups
        if group.copy_percent is not None:
            seen.append((group.copy_percent, group.rows_copied))
        if not rested:
            rested = True
            still = -1
            while (now := (await status(db, m.mover.adapter)).groups[0].rows_copied) != still:
                still = now
                await asyncio.sleep(0.6)
            assert still < 18_012
            lines = (await status(db, m.mover.adapter)).lines()
            assert any("the copy rests: Ada said so: the sale begins" in line for line in lines)
            assert (await throttle.go(db, "Ada")).reason != shown.reason
        if group.state == "in_sync":
            break
        await asyncio.sleep(0.02)
    assert seen == sorted(seen)
    assert seen[-1] == (100.0, 18_012)
    assert rested
    (group,) = (await status(db, m.mover.adapter)).groups
    assert group.delivered == 6_010
    assert (await status(db, m.mover.adapter)).as_json()["groups"][0]["copy_percent"] == 100.0


async def test_a_busy_shop_and_the_wrong_hour_are_reasons_to_rest(moving: MakeMoving) -> None:
    m = await moving(makers=5)
    look = throttle.Throttle(m.ports, m.mover.source)
    assert await look.look() is None
    assert look.free.is_set()
    await throttle.turn(m.ports.db, "threads_running", "0.5", "test")
    assert "the legacy server runs" in str(await look.look())
    assert not look.free.is_set()
    await throttle.turn(m.ports.db, "threads_running", "1000", "test")
    await throttle.turn(m.ports.db, "replica", m.mariadb.url(m.database or "mysql"), "test")
    assert "does not replicate" in str(await look.look())
    assert "mover:mover" not in "".join((await throttle.look(m.ports.db)).lines())
    await throttle.turn(m.ports.db, "replica", "", "test")
    now = m.ports.clock.now().time()
    other = f"{(now.hour + 2) % 24:02d}:00-{(now.hour + 3) % 24:02d}:00"
    await throttle.turn(m.ports.db, "hours", other, "test")
    assert "the hours are" in str(await look.look())


async def test_status_answers_before_anything_is_there(moving: MakeMoving) -> None:
    m = await moving(makers=1)
    now = await status(m.ports.db, m.mover.adapter)
    assert now.stream is not None
    assert not now.stream.works
    assert "banyan move copy catalog" in now.next_steps()
    assert any("nobody works" in line for line in now.lines())
    async with m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM checkpoint")
    assert (await status(m.ports.db)).lines() == ["nothing is prepared: banyan move prepare"]
