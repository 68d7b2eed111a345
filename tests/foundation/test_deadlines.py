"""Deadlines only ever get shorter, and end what they were set for."""

import asyncio
import math

import pytest

from banyan.foundation import deadlines
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import DeadlinePassed


async def test_an_inner_deadline_cannot_be_later_than_the_outer_one() -> None:
    async with deadlines.within(1):
        async with deadlines.within(100):
            assert deadlines.remaining() <= 1
        assert deadlines.remaining() <= 1


async def test_what_runs_longer_ends_as_deadline_passed() -> None:
    with pytest.raises(DeadlinePassed):
        async with deadlines.within(0.01):
            await asyncio.sleep(30)


async def test_a_deadline_crosses_a_header_and_is_never_made_longer_by_it() -> None:
    clock = VirtualClock()
    async with deadlines.within(5):
        assert 4 < deadlines.from_header(deadlines.header(clock), clock, 15) <= 5
    assert deadlines.from_header(str(clock.now().timestamp() + 1e9), clock, 15) == 15


@pytest.mark.parametrize("hostile", ["", "soon", "nan", "1e999", "-inf", "\x00"])
async def test_a_header_that_is_no_time_falls_back_or_has_passed(hostile: str) -> None:
    left = deadlines.from_header(hostile, VirtualClock(), 15)
    assert not math.isnan(left)
    assert left <= 15


async def test_deadlines_of_seconds_end_each_its_own_task_and_none_too_soon() -> None:
    loop = asyncio.get_running_loop()

    async def endless(seconds: float) -> float:
        began = loop.time()
        with pytest.raises(DeadlinePassed):
            async with deadlines.within(seconds):
                await asyncio.sleep(30)
        return loop.time() - began - seconds

    async def brief() -> str:
        async with deadlines.within(1.02):
            return "done"

    *late, done = await asyncio.gather(*(endless(seconds) for seconds in (0.05, 1.0, 1.02, 1.2)), brief())
    assert done == "done"
    assert min(late) > -0.01


async def test_a_task_that_somebody_else_cancels_is_cancelled_and_not_late() -> None:
    async def endless() -> None:
        async with deadlines.within(2), deadlines.within(1.5), deadlines.within(9):
            await asyncio.sleep(30)

    task = asyncio.create_task(endless())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_goes_on_after_its_deadline_is_not_cancelled_a_second_time() -> None:
    async def stubborn() -> str:
        with pytest.raises(DeadlinePassed):
            async with deadlines.within(0.01):
                await asyncio.sleep(30)
        await asyncio.sleep(0.05)
        return "went on"

    assert await asyncio.create_task(stubborn()) == "went on"


async def test_a_task_keeps_the_deadline_it_was_started_under_whoever_else_has_ended() -> None:
    async def endless() -> None:
        async with deadlines.within(100):
            await asyncio.sleep(30)

    async with deadlines.within(0.05):
        task = asyncio.create_task(endless())
    with pytest.raises(DeadlinePassed):
        await task
