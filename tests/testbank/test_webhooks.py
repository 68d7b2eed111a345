"""Every change of a charge is told at least once, signed, and again until the merchant has taken it."""

import asyncio

from tests.testbank.conftest import Desk


async def test_each_change_is_told_once_with_the_charge_as_it_stood(desk: Desk) -> None:
    charge = await desk.held("told")
    await desk.do(charge, "capture", "told.c")
    await desk.do(charge, "refunds", "told.r", 200)
    await desk.do(charge, "refunds", "told.r", 200)
    await asyncio.gather(desk.deliver(), desk.deliver())
    heard = sorted((each for each in desk.heard), key=lambda each: each["id"])
    assert {each["type"] for each in heard} == {"charge.authorized", "charge.captured", "charge.refunded"}
    assert {each["type"]: each["charge"]["refunded"] for each in heard}["charge.refunded"] == 200
    assert len({each["id"] for each in heard}) == len(heard) == 3


async def test_what_is_not_taken_comes_again_with_the_same_body(desk: Desk) -> None:
    desk.heard.clear()
    desk.refuses = 3
    await desk.held("again")
    for _ in range(3):
        assert await desk.deliver() > 0
        assert desk.heard == []
        desk.clock.advance(30)
    await desk.deliver()
    [event] = desk.heard
    assert (event["type"], event["merchant"], event["charge"]["reference"]) == ("charge.authorized", "banyan", "again")
    await desk.deliver()
    assert len(desk.heard) == 1


async def test_after_three_days_the_bank_gives_up(desk: Desk) -> None:
    desk.heard.clear()
    desk.refuses = 1000
    await desk.held("never")
    tries = 0
    for _ in range(200):
        before = desk.refuses
        await desk.deliver()
        tries += before - desk.refuses
        desk.clock.advance(3600)
    assert 60 <= tries <= 160
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM webhook WHERE next_at IS NOT NULL")
    desk.refuses = 0
    await desk.deliver()
    assert desk.heard == []
