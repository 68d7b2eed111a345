"""Charges and deeds of many at once cost what those of one cost, and each is answered as if it had come alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.foundation import choose
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.testbank.app import service
from tests.orders.world import counted
from tests.testbank.conftest import Desk


@pytest.fixture(scope="module")
async def twins(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes of the bank over one database, on a real clock."""
    urls, made = await fresh("bus", "testbank"), list[Desk]()
    for _ in range(2):
        clock, bank = SystemClock(), service()
        given = Settings(data_dir=tmp_path_factory.mktemp("twin"), search_url="embedded://memory", pool_size=5)
        shop = Shop.over(given, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
        await shop.open(bank, urls["testbank"])
        made.append(Desk(shop, bank))
    yield made[0], made[1]
    for desk in made:
        await desk.shop.close()


def told(answer: HttpAnswer) -> tuple[int, Any]:
    """The status, and the state or the problem's code."""
    return answer.status, answer.json().get("state") or answer.json()["code"]


async def test_twenty_charges_are_one_statement_and_twenty_captures_two(twins: tuple[Desk, Desk]) -> None:
    desk, charges = twins[0], list[str]()
    for name, count in (("warm", 1), ("warmer", 20), ("one", 1), ("many", 20)):
        with counted() as statements:
            answers = await asyncio.gather(*(desk.charge(f"{name}{number}") for number in range(count)))
        charges = [each.json()["id"] for each in answers]
        with counted() as later:
            await asyncio.gather(*(desk.do(each, "capture", f"{each}.c") for each in charges))
        assert name.startswith("warm") or (len(statements), len(later)) == (1, 2)


async def test_of_charges_at_once_each_has_the_answer_it_would_have_had_alone(desk: Desk) -> None:
    await desk.charge("mixed_known")
    answers = await asyncio.gather(
        *(desk.charge(f"mixed_{number // 2}") for number in range(40)),
        desk.charge("mixed_known"),
        desk.charge("mixed_known", amount=7),
        desk.charge("mixed_0", amount=7),
        desk.charge("mixed_declined", "tok_declined"),
        desk.charge("mixed_who", "tok_who"),
        desk.charge("mixed_known", "tok_who"),
        desk.charge("mixed_5xx", "tok_5xx"),
        desk.charge("mixed_lost", "tok_timeout"),
        desk.charge("mixed_taken", capture=True),
    )
    assert len({each.json()["id"] for each in answers[:40]}) == 20
    assert [told(each) for each in answers[40:]] == [
        (200, "authorized"),
        (409, "reference_reused"),
        (409, "reference_reused"),
        (200, "declined"),
        (422, "unknown_token"),
        (200, "authorized"),
        (500, "stumbled"),
        (504, "deadline_passed"),
        (200, "captured"),
    ]


async def test_two_deeds_by_one_reference_at_once_are_one_deed(desk: Desk) -> None:
    one, other = [await desk.held(f"shared_{number}") for number in range(2)]
    answers = await asyncio.gather(desk.do(one, "capture", "shared.c"), desk.do(other, "capture", "shared.c"))
    assert sorted(told(each) for each in answers) == [(200, "captured"), (409, "reference_reused")]
    assert (await desk.http("GET", "/charges/by-reference/shared_1")).json()["captured"] == 0


async def test_two_banks_over_one_book_do_each_thing_once(twins: tuple[Desk, Desk]) -> None:
    for round in range(3):
        names = [f"twin_{round}_{number}" for number in range(20)]
        answers = await asyncio.gather(*(desk.charge(name) for desk in twins for name in names))
        assert {told(each) for each in answers} == {(200, "authorized")}
        charges = sorted({each.json()["id"] for each in answers})
        assert len(charges) == 20
        same = [desk.do(each, "capture", f"{each}.c") for desk in twins for each in charges]
        assert {told(each) for each in await asyncio.gather(*same)} == {(200, "captured")}
    one, two = twins
    charges = [await one.held(f"duel_{number}") for number in range(20)]
    deeds = [one.do(each, "capture", f"{each}.c") for each in charges]
    deeds += [two.do(each, "void", f"{each}.v") for each in reversed(charges)]
    answers = await asyncio.gather(*deeds)
    assert [each.status for each in answers].count(200) == [each.status for each in answers].count(409) == 20
    assert await one.broken() == []


deeds = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(("capture", "void", "refunds")),
        st.sampled_from("xyz"),
        st.sampled_from((1, 300, 500, 501)),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=deeds)
async def test_deeds_together_leave_what_some_order_of_them_would(
    desk: Desk, asked: list[tuple[str, str, str, int]]
) -> None:
    name = desk.ports.ids.new("many")
    charges = {which: await desk.held(f"{name}.{which}") for which in "ab"}
    answers = await asyncio.gather(
        *(desk.do(charges[which], deed, f"{name}.{reference}", amount) for which, deed, reference, amount in asked)
    )
    assert {each.status for each in answers} <= {200, 409}
    done = await desk.ports.db.fetch("SELECT * FROM deed WHERE reference LIKE $1", f"{name}.%")
    for row in done:  # whoever was told yes asked for what was done by this reference
        assert row["reference"].rpartition(".")[2] in {each[2] for each in asked}
    by_reference = {row["reference"]: (row["charge_id"], row["kind"], row["amount"]) for row in done}
    for (which, deed, reference, amount), answer in zip(asked, answers, strict=True):
        kind, taken = ("refund" if deed == "refunds" else deed), (0 if deed == "void" else amount)
        if answer.status == 200:
            assert by_reference[f"{name}.{reference}"] == (charges[which], kind, taken)
    for which in "ab":
        steps = [each for each in by_reference.values() if each[0] == charges[which]]
        assert sum(kind == "capture" for _, kind, _ in steps) <= 1
        now = (await desk.http("GET", f"/charges/by-reference/{name}.{which}")).json()
        kinds = {kind for _, kind, _ in steps}
        assert now["state"] == ("captured" if "capture" in kinds else "voided" if "void" in kinds else "authorized")
    assert await desk.broken() == []


async def test_the_book_is_sound_after_all_of_this(desk: Desk) -> None:
    assert await desk.broken() == []
