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
