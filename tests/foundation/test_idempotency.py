"""One effect per key: the same answer again, another body refused, a running first one waited for by nobody."""

import asyncio
from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.foundation import idempotency
from banyan.foundation.db import Db, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Service
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Conflict, Invalid, Refusal
from tests.conftest import OpenShop

TOY = Service(name="toy", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


@pytest.fixture(scope="module")
async def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def db(open_shop: OpenShop, clock: VirtualClock) -> Db:
    db = (await open_shop(TOY, clock=clock)).ports["toy"].db
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE effect (key text)")
    return db


class Counter:
    """An effect that leaves a row and says how often it ran."""

    def __init__(self, key: str) -> None:
        self.key, self.ran = key, 0

    async def __call__(self, tx: Tx) -> Answer:
        self.ran += 1
        await tx.execute("INSERT INTO effect VALUES ($1)", self.key)
        return Answer(201, f'{{"n":{self.ran}}}'.encode())


async def rows(db: Db, key: str) -> int:
    return int(await db.fetchval("SELECT count(*) FROM effect WHERE key = $1", key))


async def test_the_same_key_gives_the_same_answer_and_no_second_effect(db: Db) -> None:
    key, effect = Key.of("ada POST /x", "one", b"body"), Counter("one")
    first, second = [await idempotency.once(db, key, effect) for _ in range(2)]
    assert (first.status, first.body, first.replayed) == (201, b'{"n":1}', False)
    assert (second.status, second.body, second.replayed) == (201, b'{"n":1}', True)
    assert await rows(db, "one") == 1


async def test_the_same_key_with_another_body_is_refused_and_nothing_changes(db: Db) -> None:
    await idempotency.once(db, Key.of("ada", "two", b"a"), Counter("two"))
    with pytest.raises(Invalid, match="another request"):
        await idempotency.once(db, Key.of("ada", "two", b"b"), Counter("two"))
    assert await rows(db, "two") == 1


async def test_another_caller_may_use_the_same_key(db: Db) -> None:
    for caller in ("ada", "bob"):
        await idempotency.once(db, Key.of(caller, "three", b""), Counter("three"))
    assert await rows(db, "three") == 2


async def test_a_refused_effect_keeps_nothing_so_the_key_can_be_used_again(db: Db) -> None:
    async def refuse(tx: Tx) -> Answer:
        await tx.execute("INSERT INTO effect VALUES ('four')")
        raise Conflict("sold out")

    key = Key.of("ada", "four", b"")
    with pytest.raises(Conflict, match="sold out"):
        await idempotency.once(db, key, refuse)
    assert await rows(db, "four") == 0
    assert (await idempotency.once(db, key, Counter("four"))).status == 201


async def test_of_many_at_once_one_has_its_effect_and_the_others_are_told_to_wait_or_given_its_answer(db: Db) -> None:
    key, effect = Key.of("ada", "five", b""), Counter("five")
    got = await asyncio.gather(*(idempotency.once(db, key, effect) for _ in range(16)), return_exceptions=True)
    assert await rows(db, "five") == 1
    assert sum(isinstance(each, Answer) and not each.replayed for each in got) == 1
    assert all(isinstance(each, Answer) or (isinstance(each, Refusal) and each.code == "in_flight") for each in got)


async def test_a_claim_outlives_its_transaction_until_it_is_kept_or_its_time_is_over(
    db: Db, clock: VirtualClock
) -> None:
    key = Key.of("ada", "six", b"")

    async def claim() -> Answer | None:
        async with db.transaction() as tx:
            return await idempotency.begin(tx, key, running_seconds=10)

    assert await claim() is None
    with pytest.raises(Conflict):
        await claim()
    clock.advance(11)
    assert await claim() is None  # the first one died; its work is taken over
    async with db.transaction() as tx:
        await idempotency.keep(tx, key, Answer(200, b"{}"))
    kept = await claim()
    assert kept is not None
    assert kept.replayed
