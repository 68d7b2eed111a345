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


async def begun(db: Db, *keys: Key | None, running_seconds: float = 0) -> list[Answer | Refusal | None]:
    async with db.transaction() as tx:
        return await idempotency.begin_many(tx, keys, running_seconds=running_seconds)


def codes(said: list[Answer | Refusal | None]) -> list[str | None]:
    return [each.code if isinstance(each, Refusal) else "told" if each else None for each in said]


async def test_each_key_of_a_round_is_told_what_it_would_be_told_alone(db: Db) -> None:
    told, running, free = (Key.of("ada", f"round-{name}", b"a") for name in ("told", "running", "free"))
    await idempotency.once(db, told, Counter("round"))
    assert await begun(db, running, running_seconds=10) == [None]
    other = Key.of("ada", "round-told", b"b")
    same_but_other = Key.of("ada", "round-free", b"b")
    said = await begun(db, told, None, running, free, other, free, same_but_other)
    assert codes(said) == ["told", None, "in_flight", None, "key_reused", "in_flight", "in_flight"]
    assert isinstance(said[0], Answer)
    assert (said[0].status, said[0].body, said[0].replayed) == (201, b'{"n":1}', True)
    assert codes(await idempotency.look_many(db, [told, running, free, free])) == ["told", "in_flight", None, None]
    assert await idempotency.look_many(db, [None]) == await begun(db, None) == [None]


async def test_a_key_that_another_transaction_has_begun_is_in_flight_for_a_round(db: Db) -> None:
    key, free = Key.of("ada", "held", b""), Key.of("ada", "not held", b"")
    async with db.transaction() as tx:
        await idempotency.begin(tx, key)
        assert codes(await begun(db, key, free)) == ["in_flight", None]
    assert codes(await begun(db, key, free)) == [None, None]


async def test_a_rounds_claims_outlive_it_and_are_taken_over_when_their_time_is_over(
    db: Db, clock: VirtualClock
) -> None:
    keys = [Key.of("ada", f"claimed {number}", b"") for number in range(3)]
    assert await begun(db, *keys[:2], running_seconds=10) == [None, None]
    assert codes(await begun(db, *keys, running_seconds=10)) == ["in_flight", "in_flight", None]
    clock.advance(11)
    assert codes(await begun(db, *keys, running_seconds=10)) == [None] * 3
    async with db.transaction() as tx:
        answers = [(key, Answer(200, key.key.encode())) for key in reversed(keys)]
        await idempotency.keep_many(tx, answers)
    assert [each.body for each in await begun(db, *keys) if isinstance(each, Answer)] == [
        key.key.encode() for key in keys
    ]


async def test_a_round_with_an_answer_that_another_kept_meanwhile_is_undone_and_done_again(db: Db) -> None:
    slow, quick = Key.of("ada", "overtaken", b""), Key.of("ada", "alone", b"")
    seen: list[list[str | None]] = []

    async def effect(tx: Tx) -> None:
        said = await idempotency.look_many(tx, [slow, quick])
        seen.append(codes(said))
        if len(seen) == 1:
            await idempotency.once(db, slow, Counter("overtaken"))
        going = [key for key, kept in zip((slow, quick), said, strict=True) if kept is None]
        for key in going:
            await tx.execute("INSERT INTO effect VALUES ($1)", key.key)
        await idempotency.keep_many(tx, [(key, Answer(200, b"{}")) for key in going])

    await db.retrying(effect)
    assert seen == [[None, None], ["told", None]]
    assert (await rows(db, "overtaken"), await rows(db, "alone")) == (1, 1)


async def test_of_many_rounds_at_once_with_the_same_keys_each_key_has_its_effect_once(db: Db) -> None:
    keys = [Key.of("ada", f"crowd {number}", b"") for number in range(6)]

    async def one_round(turn: int) -> None:
        mine = keys[turn % 6 :] + keys[: turn % 6]

        async def effect(tx: Tx) -> None:
            said = await idempotency.begin_many(tx, mine)
            going = [key for key, kept in zip(mine, said, strict=True) if kept is None]
            await tx.executemany("INSERT INTO effect VALUES ($1)", [(key.key,) for key in going])
            await idempotency.keep_many(tx, [(key, Answer(200, b"{}")) for key in going])

        await db.retrying(effect)

    await asyncio.gather(*map(one_round, range(12)))
    assert [await rows(db, key.key) for key in keys] == [1] * 6
