"""A line for a drop: in the order of arrival, at the rate that was set, and no place can be made up."""

from pathlib import Path

import pytest

from banyan.foundation import choose
from banyan.foundation.settings import Settings
from banyan.gateway.admission import waiting_room
from banyan.gateway.admission.waiting_room import LASTS, WaitingRoom, Waits
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds

RATE = 5.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def room(tmp_path: Path, clock: VirtualClock) -> WaitingRoom:
    keys = await choose.keys(Settings(data_dir=tmp_path))
    return WaitingRoom(RATE, keys, clock, SeededIds(clock, 1))


async def waits(room: WaitingRoom, ticket: str = "") -> Waits:
    with pytest.raises(Waits) as told:
        await room.pass_by(ticket)
    return told.value


async def test_as_many_as_the_rate_come_in_at_once_and_the_rest_wait_in_their_order(
    room: WaitingRoom, clock: VirtualClock
) -> None:
    for _ in range(int(RATE)):
        assert await room.pass_by("")
    told = [await waits(room) for _ in range(10)]
    assert [each.more["ahead"] for each in told] == list(range(1, 11))
    clock.advance(1.0)
    passed = [await room.pass_by(each.ticket) for each in told[:5]]
    assert passed == [each.ticket for each in told[:5]]
    assert (await waits(room, told[5].ticket)).more["ahead"] == 1


async def test_who_waits_is_told_when_to_look_again_and_keeps_his_place(room: WaitingRoom, clock: VirtualClock) -> None:
    told = [(await waits(room)) for _ in range(200) if room._given >= RATE or not await room.pass_by("")]
    last = told[-1]
    assert RATE * (last.retry_after or 0) >= 0.9 * int(str(last.more["ahead"]))
    clock.advance(1.0)
    again = await waits(room, last.ticket)
    assert again.ticket == last.ticket
    assert int(str(again.more["ahead"])) < int(str(last.more["ahead"]))


async def test_a_ticket_is_good_for_half_an_hour(room: WaitingRoom, clock: VirtualClock) -> None:
    ticket = await room.pass_by("")
    for _ in range(3):
        clock.advance(LASTS / 4)
        assert await room.pass_by(ticket) == ticket


@pytest.mark.parametrize("shown", ["", "x", "aGVsbG8", "A" * 500, "é", "===="])
async def test_what_is_no_ticket_gets_a_new_place_at_the_end(room: WaitingRoom, shown: str) -> None:
    for _ in range(int(RATE)):
        await room.pass_by("")
    assert (await waits(room, shown)).more["ahead"] == 1
    assert (await waits(room, shown)).more["ahead"] == 2


async def test_turns_that_nobody_took_are_not_saved_up(room: WaitingRoom, clock: VirtualClock) -> None:
    clock.advance(3600)
    for _ in range(int(RATE)):
        await room.pass_by("")
    await waits(room)


def test_browsers_wait_on_a_page_and_programs_read_a_problem() -> None:
    told = Waits("ticket", 7, 3.0)
    page = waiting_room.answer(told, {b"referer": b"http://shop/p/mug?a=1"}, "/cart", secure=True)
    assert (page.status_code, page.headers["retry-after"]) == (503, "3")
    assert b"url=/p/mug?a=1" in bytes(page.body)
    assert "Secure" in page.headers["set-cookie"]
    api = waiting_room.answer(told, {}, "/v1/carts", secure=False)
    assert b'"code":"waiting_room"' in bytes(api.body)
    assert b'"ticket":"ticket"' in bytes(api.body)


@pytest.mark.parametrize(
    "referer", [b'http://x/"><script>', b"http://x//evil.example/", b"javascript:alert(1)", b"\xff"]
)
def test_nobody_can_put_words_on_the_page_or_lead_it_elsewhere(referer: bytes) -> None:
    page = waiting_room.answer(Waits("t", 1, 1.0), {b"referer": referer}, "/cart", secure=False)
    assert b"<script>" not in bytes(page.body)
    assert b"url=//" not in bytes(page.body)
    assert b"url=/" in bytes(page.body)


@pytest.mark.parametrize("path", ["/v1/carts", "/v1/carts/crt_1/lines", "/v1/orders/one-click", "/cart", "/buy-now"])
def test_the_line_is_for_those_who_begin_to_buy(path: str) -> None:
    assert waiting_room.buys("POST", path)
    assert not waiting_room.buys("GET", path)


def test_a_ticket_is_a_cookie_or_a_header() -> None:
    assert waiting_room.shown({b"banyan-ticket": b"abc"}) == "abc"
    assert waiting_room.shown({b"cookie": b"a=b; banyan_ticket=xyz"}) == "xyz"
    assert waiting_room.shown({b"cookie": b"\xff;;=="}) == ""
