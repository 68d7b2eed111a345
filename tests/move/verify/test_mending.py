"""What is mended while the shop goes on writing ends as the shop has it, whatever happens between reading and writing."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from banyan.move.rows import pack, unpack
from banyan.move.storage import checkpoints, checks
from banyan.move.verify.mending import Mending
from banyan.move.verify.verifier import Verifier
from tests.move.core.conftest import MakeMoving, Moving
from tests.move.verify.test_faults import inject, opened

KEY = pack([b"5"])


async def _spoilt(m: Moving, verifier: Verifier, *, gone: bool) -> None:
    """The fifth maker is wrong in the mirror, or not there; and that was found."""
    number = m.mover.mirrors.by_name["toy_maker"].number
    image = await m.ports.db.fetchval(f"SELECT image FROM mirror_{number} WHERE key = $1", KEY)
    if gone:
        await m.ports.db.execute(f"DELETE FROM mirror_{number} WHERE key = $1", KEY)
    else:
        wrong = pack((unpack(image)[0], b"wrong", *unpack(image)[2:]))
        await m.ports.db.execute(f"UPDATE mirror_{number} SET image = $2 WHERE key = $1", KEY, wrong)
    assert [each.row_key for each in (await verifier.whole("catalog")).findings if each.table] == [KEY]


def once(m: Moving, statement: str, *, passed: bool) -> Callable[[], Awaitable[None]]:
    """The shop does this between the first reading and writing; `passed`: and the stream has brought it by then."""
    left = [statement]

    async def between() -> None:
        if not left:
            return
        m.sql(left.pop())
        if passed:
            until = await m.mover.head()
            async with asyncio.timeout(30):
                while (known := await checkpoints.read(m.ports.db)) is None or known.at < until:
                    await asyncio.sleep(0.01)

    return between


@pytest.mark.parametrize("passed", [False, True])
@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE toy_maker SET name = 'changed meanwhile' WHERE maker_id = 5",
        "DELETE FROM toy_maker WHERE maker_id = 5",
        "REPLACE INTO toy_maker (maker_id, name) VALUES (5, 'made anew')",
    ],
)
async def test_a_row_that_changes_while_it_is_mended_ends_as_the_shop_has_it(
    moving: MakeMoving, statement: str, gone: bool, passed: bool
) -> None:
    m, verifier = await opened(moving, makers=20)
    await _spoilt(m, verifier, gone=gone)
    mended = await Mending(m.mover, between=once(m, statement, passed=passed)).group("catalog", ["brand"], who="test")
    assert mended >= 1
    await m.settled()
    await m.same()
    told = " ".join(m.catalog.names("brand"))
    assert "wrong" not in told
    assert "Möbel 5 " not in told
    assert "DELETE" in statement or statement.split("'")[1] in told
    assert (await verifier.whole("catalog")).clean
    assert await checks.count_open(m.ports.db, "catalog") == 0


async def test_two_hundred_faults_are_mended_under_writes_to_the_very_rows(moving: MakeMoving) -> None:
    m, verifier = await opened(moving, makers=300)
    wrong = await inject(m, random.Random(3), 200)
    stopped = asyncio.Event()

    def busy() -> None:
        rng = random.Random(1)
        keys = [int(unpack(key)[0] or b"0") for key in sorted(wrong)]
        while not stopped.is_set():
            number = rng.choice(keys)
            if rng.random() < 0.3:
                m.sql("DELETE FROM toy_maker WHERE maker_id = %s", number)
            m.sql("REPLACE INTO toy_maker (maker_id, name) VALUES (%s, %s)", number, f"N{rng.random()}")

    load = asyncio.create_task(asyncio.to_thread(busy))
    for _ in range(3):
        await verifier.whole("catalog", repair=True)
    stopped.set()
    await load
    await m.settled()
    await verifier.whole("catalog", repair=True)
    await m.settled()
    await m.same()
    assert (await verifier.whole("catalog")).clean
