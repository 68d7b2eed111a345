"""A service's tables are the old shop's or ours: the database refuses the other side, for everybody, at any moment."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.contracts.legacy import Held, UsersTenure
from banyan.foundation import outbox, tenure
from banyan.foundation.db import Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.inbox import ATTEMPTS, Inbox
from banyan.foundation.service import Ports, Service
from banyan.foundation.tenure import Fence
from banyan.kernel.refusals import Conflict, Invalid, Moving, Unavailable
from tests.conftest import OpenShop

FENCES = (Fence("thing", free=("seen",), ours="row.keeper <> ''"), "part")
TABLES = """
CREATE TABLE thing (id text PRIMARY KEY, name text NOT NULL, keeper text NOT NULL DEFAULT '', seen integer NOT NULL DEFAULT 0);
CREATE TABLE part (id text PRIMARY KEY, thing text NOT NULL REFERENCES thing ON DELETE CASCADE);
CREATE TABLE note (id text PRIMARY KEY);
"""


@pytest.fixture(scope="module")
async def ports(open_shop: OpenShop, tmp_path_factory: pytest.TempPathFactory) -> Ports:
    """A service of two fenced tables and one that is not."""
    folder = tmp_path_factory.mktemp("things")
    (folder / "schema").mkdir()
    (folder / "schema" / "0001_things.sql").write_text(TABLES)
    made = Service(name="users", folder=Path(folder), routes=lambda _: APIRouter())
    shop = await open_shop(made)
    return shop.ports["users"]


@pytest.fixture
async def clean(ports: Ports) -> AsyncIterator[Ports]:
    yield ports
    async with ports.db.transaction() as tx:
        for row in await tx.fetch("SELECT tgname, tgrelid::regclass AS t FROM pg_trigger WHERE tgname LIKE 'tenure%'"):
            await tx.execute(f"DROP TRIGGER {row['tgname']} ON {row['t']}")
        await tx.execute("TRUNCATE thing, part, note, tenure")


async def say(ports: Ports, owner: str | None, epoch: int, group: str = "things") -> Held:
    wish = UsersTenure.model_validate({"group": group, "owner": owner, "epoch": epoch})
    answer: Held = await tenure.over(*FENCES)(ports, wish)
    return answer


async def write(ports: Ports, sql: str) -> None:
    async with ports.db.transaction() as tx:
        await tx.execute(sql)


async def triggers(ports: Ports) -> int:
    count: int = await ports.db.fetchval("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'tenure%'")
    return count


async def test_a_shop_that_does_not_move_has_no_trigger(clean: Ports) -> None:
    assert await triggers(clean) == 0
    await write(clean, "INSERT INTO thing VALUES ('a', 'A')")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO thing VALUES ('b', 'B')",
        "INSERT INTO thing VALUES ('a', 'B') ON CONFLICT (id) DO UPDATE SET name = 'B'",
        "UPDATE thing SET name = 'B'",
        "UPDATE thing SET name = 'B', seen = 2",
        "DELETE FROM thing",
        "TRUNCATE thing, part",
        "UPDATE part SET thing = thing",
        "WITH gone AS (DELETE FROM part RETURNING id) INSERT INTO note SELECT id FROM gone",
    ],
)
async def test_every_kind_of_write_is_refused_while_the_old_shop_owns_it(clean: Ports, sql: str) -> None:
    await write(clean, "INSERT INTO thing VALUES ('a', 'A'); INSERT INTO part VALUES ('p', 'a')")
    assert await say(clean, "legacy", 1) == Held(owner="legacy", epoch=1)
    with pytest.raises(Moving) as refusal:
        await write(clean, sql)
    assert (refusal.value.status, refusal.value.code) == (503, "moving")
    assert refusal.value.retry_after
    with pytest.raises(Moving):
        await clean.db.execute(sql)  # outside a transaction of ours too
    assert [tuple(row) for row in await clean.db.fetch("SELECT * FROM thing")] == [("a", "A", "", 0)]
    assert await clean.db.fetchval("SELECT count(*) FROM part") == 1
    await say(clean, "new", 2)
    await write(clean, sql)


async def test_what_touches_no_row_or_nothing_of_the_old_shops_goes_on(clean: Ports) -> None:
    await write(clean, "INSERT INTO thing (id, name, keeper) VALUES ('a', 'A', ''), ('mine', 'M', 'me')")
    await say(clean, "legacy", 1)
    await write(clean, "DELETE FROM thing WHERE name = 'nobody'")
    await write(clean, "UPDATE thing SET seen = seen + 1")
    await write(clean, "INSERT INTO note VALUES ('n')")
    await write(
        clean, "INSERT INTO thing VALUES ('mine too', 'M', 'me'); UPDATE thing SET name = 'x' WHERE keeper <> ''"
    )
    with pytest.raises(Moving):
        await write(clean, "UPDATE thing SET keeper = 'me' WHERE id = 'a'")
    async with clean.db.transaction() as tx:
        await tenure.let_through(tx)
        await tx.execute("UPDATE thing SET name = 'B' WHERE id = 'a'")
    assert await outbox.forget_old(clean.db) == 0


async def test_a_pass_ends_with_its_transaction(clean: Ports) -> None:
    await say(clean, "legacy", 1)
    for _ in range(2 * 5):  # every connection of the pool
        async with clean.db.transaction() as tx:
            assert await tenure.taking(tx) == tenure.Standing("legacy", 1)
            await tx.execute("INSERT INTO thing VALUES (gen_random_uuid(), 'A')")
    for _ in range(2 * 5):
        with pytest.raises(Moving):
            await write(clean, "INSERT INTO thing VALUES ('b', 'B')")


async def test_an_epoch_only_rises(clean: Ports) -> None:
    await say(clean, "legacy", 3)
    for owner, epoch in (("new", 2), ("new", 3), (None, 1)):
        with pytest.raises(Conflict) as refusal:
            await say(clean, owner, epoch)
        assert refusal.value.code == "stale_epoch"
        assert refusal.value.more == {"owner": "legacy", "epoch": 3}
    with pytest.raises(Moving):
        await write(clean, "INSERT INTO thing VALUES ('b', 'B')")
    assert await say(clean, "new", 4) == await say(clean, "new", 4)
    await write(clean, "INSERT INTO thing VALUES ('b', 'B')")
    for wrong in (0, -1, 2**63):
        with pytest.raises(Invalid):
            await say(clean, "legacy", wrong)


async def test_a_service_changes_hands_as_a_whole(clean: Ports) -> None:
    await say(clean, "legacy", 1)
    with pytest.raises(Conflict) as refusal:
        await say(clean, "new", 2, "others")
    assert refusal.value.code == "other_group"
    await say(clean, None, 2)
    await say(clean, "legacy", 3, "others")


async def test_after_the_move_nothing_is_left_of_the_fence(clean: Ports) -> None:
    await say(clean, "legacy", 1)
    assert await triggers(clean) == 3 * len(FENCES)
    await say(clean, None, 2)
    assert await triggers(clean) == 0
    await write(clean, "INSERT INTO thing VALUES ('b', 'B')")


async def test_a_fence_that_somebody_took_down_is_put_up_again(clean: Ports) -> None:
    await say(clean, "legacy", 1)
    [name] = [name for name in Fence("part").triggers() if "added" in name]
    await write(clean, f"DROP TRIGGER {name} ON part")
    await say(clean, "legacy", 1)
    assert await triggers(clean) == 3 * len(FENCES)


async def test_a_change_of_owner_waits_for_every_write_under_way_and_the_next_sees_the_new_owner(clean: Ports) -> None:
    await say(clean, "new", 1)
    async with clean.db.transaction() as tx:
        await tx.execute("INSERT INTO thing VALUES ('early', 'E')")
        change = asyncio.create_task(say(clean, "legacy", 2))
        await asyncio.sleep(0.05)
        late = asyncio.create_task(write(clean, "INSERT INTO thing VALUES ('late', 'L')"))
        await asyncio.sleep(0.02)
        assert not change.done()
    assert await change == Held(owner="legacy", epoch=2)
    outcome = (await asyncio.gather(late, return_exceptions=True))[0]
    names = [row["id"] for row in await clean.db.fetch("SELECT id FROM thing ORDER BY id")]
    # Whoever came while it waited may have been let go first; then it is there. Never both, never neither.
    assert names == ["early"] if isinstance(outcome, Moving) else ["early", "late"]


async def test_a_write_that_does_not_end_leaves_the_owner_as_it_was(clean: Ports) -> None:
    await say(clean, "new", 1)
    fences = [each if isinstance(each, Fence) else Fence(each) for each in FENCES]
    wish = UsersTenure(group="things", owner="legacy", epoch=2)
    async with clean.db.transaction() as tx:
        await tx.execute("INSERT INTO thing VALUES ('slow', 'S')")
        with pytest.raises(Unavailable):
            await tenure.set_tenure(clean, fences, wish, patience=(0.02, 0.05))
    await write(clean, "INSERT INTO thing VALUES ('b', 'B')")
    assert await tenure.legacy_owns(clean.db) is False


async def test_many_writers_and_many_changes_no_write_lands_in_the_wrong_epoch(clean: Ports) -> None:
    """Each write notes the epoch it saw at its end, under the lock its own first write took."""
    done = asyncio.Event()
    refused = 0

    async def writer(number: int) -> None:
        nonlocal refused
        count = 0
        while not done.is_set():
            count += 1
            try:
                async with clean.db.transaction() as tx:
                    await tx.execute(f"INSERT INTO thing VALUES ('{number} {count}', 'A')")
                    await asyncio.sleep(0)
                    owner = await tx.fetchval("SELECT owner FROM tenure")
                    assert owner == "new"
            except Moving:
                refused += 1

    await say(clean, "new", 1)
    writers = [asyncio.create_task(writer(each)) for each in range(3)]
    for epoch in range(2, 30):
        await say(clean, "legacy" if epoch % 2 == 0 else "new", epoch)
        before = await clean.db.fetchval("SELECT count(*) FROM thing")
        await asyncio.sleep(0.005)
        if epoch % 2 == 0:
            assert await clean.db.fetchval("SELECT count(*) FROM thing") == before
    done.set()
    await asyncio.gather(*writers)
    assert refused


async def test_a_fact_whose_effect_the_fence_refuses_waits_and_is_never_given_up(clean: Ports) -> None:
    class ThingSeen(Event, owner="tenure-test", key="id"):
        id: str

    async def note(tx: Tx, event: ThingSeen) -> None:
        await tx.execute("INSERT INTO thing (id, name) VALUES ($1, 'heard')", event.id)

    box = Inbox(clean.db, "things", {ThingSeen: note}, ids=clean.ids)
    fact = Envelope("evt_1", ThingSeen.TYPE, "a", clean.clock.now(), {"id": "a"}, "")
    await say(clean, "legacy", 1)
    await box.take([fact])
    for _ in range(ATTEMPTS + 2):
        await write(clean, "UPDATE stuck SET next_at = shop_now()")
        assert await box.retry_due() == 0
    assert await clean.db.fetchval("SELECT parked_at IS NULL FROM stuck")
    await say(clean, "new", 2)
    await write(clean, "UPDATE stuck SET next_at = shop_now()")
    assert await box.retry_due() == 1
    assert await clean.db.fetchval("SELECT name FROM thing") == "heard"


async def test_a_chore_that_the_fence_refuses_goes_on_in_silence(
    open_shop: OpenShop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried = 0

    async def chore(ports: Ports) -> float:
        nonlocal tried
        tried += 1
        await ports.db.execute("INSERT INTO note VALUES (gen_random_uuid())")
        return 0.01

    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "0001_notes.sql").write_text("CREATE TABLE note (id text PRIMARY KEY)")
    made = Service(name="users", folder=tmp_path, routes=lambda _: APIRouter(), chores={"write": chore})
    shop = await open_shop(made)
    await tenure.over("note")(shop.ports["users"], UsersTenure(group="things", owner="legacy", epoch=1))
    shop.work(made)
    async with asyncio.timeout(30):
        while not tried:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_the_database_says_it_with_a_code_of_its_own(clean: Ports) -> None:
    await say(clean, "legacy", 1)
    async with clean.db.own() as con:
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await con.execute("INSERT INTO thing VALUES ('b', 'B')")
        assert refusal.value.sqlstate == "BN503"
