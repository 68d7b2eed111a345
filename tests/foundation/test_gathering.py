"""Rounds: who asks alone waits for nobody, nobody pays for another's mistake."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from banyan.foundation.gathering import BUSY, Asked, Gathering
from banyan.kernel.refusals import Conflict, Unavailable


class Desk:
    """Doubles numbers; a round ends when it is let go."""

    def __init__(self, *, open: bool = True) -> None:
        self.rounds: list[list[int]] = []
        self.go = asyncio.Event()
        if open:
            self.go.set()

    async def work(self, asked: Sequence[Asked[int]]) -> list[int | Exception]:
        self.rounds.append([each.wish for each in asked])
        await self.go.wait()
        return [Conflict("odd", code="odd") if each.wish % 2 else each.wish * 2 for each in asked]


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_single_asker_is_served_at_once() -> None:
    desk = Desk()
    assert await Gathering(desk.work)(4) == 8
    assert desk.rounds == [[4]]


async def test_who_was_answered_may_ask_again_at_once() -> None:
    gather = Gathering(Desk().work)
    async with asyncio.timeout(30):
        assert [await gather(number) for number in (2, 4, 6)] == [4, 8, 12]


async def test_who_comes_while_a_round_runs_goes_with_the_next() -> None:
    desk = Desk(open=False)
    gather = Gathering(desk.work)
    first = asyncio.create_task(gather(2))
    await _settled()
    later = [asyncio.create_task(gather(number)) for number in (4, 6, 8)]
    await _settled()
    desk.go.set()
    assert await asyncio.gather(first, *later) == [4, 8, 12, 16]
    assert desk.rounds == [[2], [4, 6, 8]]


async def test_a_round_is_no_longer_than_allowed() -> None:
    desk = Desk()
    gather = Gathering(desk.work, most=3)
    assert await asyncio.gather(*(gather(number) for number in range(0, 20, 2))) == list(range(0, 40, 4))
    assert max(len(each) for each in desk.rounds) == 3


async def test_a_refusal_is_its_askers_alone() -> None:
    desk = Desk()
    gather = Gathering(desk.work)
    told = await asyncio.gather(gather(2), gather(3), gather(4), return_exceptions=True)
    assert (told[0], told[2]) == (4, 8)
    assert isinstance(told[1], Conflict)


async def test_one_that_breaks_a_round_does_not_break_the_others() -> None:
    async def fragile(asked: Sequence[Asked[int]]) -> list[int | Exception]:
        return [10 // each.wish for each in asked]

    gather = Gathering(fragile)
    told = await asyncio.gather(gather(1), gather(0), gather(5), return_exceptions=True)
    assert (told[0], told[2]) == (10, 2)
    assert isinstance(told[1], ZeroDivisionError)


async def test_what_is_refused_as_a_whole_is_refused_to_each() -> None:
    async def down(asked: Sequence[Asked[int]]) -> list[int | Exception]:
        raise Unavailable("the database does not answer")

    gather = Gathering(down)
    told = await asyncio.gather(gather(1), gather(2), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in told)


async def test_an_asker_who_gives_up_does_not_end_the_round() -> None:
    desk = Desk(open=False)
    gather = Gathering(desk.work)
    gone, stays = asyncio.create_task(gather(2)), asyncio.create_task(gather(4))
    await _settled()
    gone.cancel()
    await _settled()
    desk.go.set()
    assert await stays == 8


async def test_who_has_gone_before_the_round_began_is_not_served() -> None:
    desk = Desk(open=False)
    gather = Gathering(desk.work)
    first = asyncio.create_task(gather(2))
    await _settled()
    gone, stays = asyncio.create_task(gather(4)), asyncio.create_task(gather(6))
    await _settled()
    gone.cancel()
    await _settled()
    desk.go.set()
    assert [await first, await stays] == [4, 12]
    assert desk.rounds == [[2], [6]]


async def test_rounds_run_side_by_side_where_that_is_wanted() -> None:
    desk = Desk(open=False)
    gather = Gathering(desk.work, rounds=2)
    tasks = [asyncio.create_task(gather(number)) for number in (2, 4)]
    await _settled()
    later = asyncio.create_task(gather(6))
    await _settled()
    assert len(desk.rounds) <= 2
    desk.go.set()
    assert await asyncio.gather(*tasks, later) == [4, 8, 12]


async def test_closing_leaves_nobody_waiting() -> None:
    desk = Desk(open=False)
    gather = Gathering(desk.work)
    waiting = [asyncio.create_task(gather(number)) for number in (2, 4)]
    await _settled()
    waiting.append(asyncio.create_task(gather(6)))
    await _settled()
    await gather.close()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in told)


@contextmanager
def hands_full() -> Iterator[None]:
    """Others of this process always have something to do first."""
    loop, going = asyncio.get_running_loop(), True

    def work() -> None:
        if going:
            time.sleep(2 * BUSY)
            loop.call_soon(work)

    work()
    yield
    going = False


async def test_after_a_round_with_company_the_next_waits_for_more_where_there_is_much_to_do() -> None:
    desk = Desk()
    gather = Gathering(desk.work, pause=0.05)
    await asyncio.gather(*(gather(number) for number in (2, 4, 6)))
    with hands_full():
        first = asyncio.create_task(gather(8))
        await _settled()
        assert await asyncio.gather(first, gather(10)) == [16, 20]
    assert desk.rounds == [[2, 4, 6], [8, 10]]


async def test_a_process_with_time_to_spare_waits_for_nobody() -> None:
    for _ in range(50):  # the machine may be busy just then, which looks alike
        gather = Gathering(Desk().work, pause=3600)
        await asyncio.gather(*(gather(number) for number in (2, 4, 6)))
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                assert await gather(8) == 16
                return
    raise AssertionError("it waits though it has nothing else to do")


async def test_two_that_met_by_chance_keep_nobody_waiting() -> None:
    desk = Desk()
    gather = Gathering(desk.work, pause=3600)
    await asyncio.gather(gather(2), gather(4))
    with hands_full():
        async with asyncio.timeout(30):
            assert await gather(6) == 12
