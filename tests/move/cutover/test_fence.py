"""The fence lets nobody write what our side owns, whatever they had begun before, and hinders nobody else."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pymysql
import pytest

from banyan.kernel.refusals import Conflict, Unavailable
from banyan.move.cutover.fence import Fence
from banyan.move.cutover.owned import Holding, holdings
from banyan.move.cutover.triggers import CODE, triggers
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Use, View
from banyan.move.source import Source, head, read_tables

PASS = "let-me-in"


class Toy:
    """A shop of three tables: `item` has its quantity with `orders`, and counts its views on any side."""

    name = "toy"
    uses = {
        "item": Use(
            "item",
            "catalog",
            (View("product", "catalog", "id"), View("stock", "orders", "id", frozenset({"quantity"}))),
            noise=frozenset({"viewed"}),
        ),
        "sale": Use("sale", "orders", (View("order", "orders", "id"),)),
        "setting": Use("setting", "catalog", reference=True),
    }


@pytest.fixture
def database(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> str:
    name = legacy_database("")
    with mariadb.connect(name) as con, con.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE item (id int PRIMARY KEY, name varchar(40), price decimal(10,2), quantity int, viewed int)"
            " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        )
        cursor.execute("CREATE TABLE sale (id int AUTO_INCREMENT PRIMARY KEY, note varchar(40)) ENGINE=MyISAM")
        cursor.execute("CREATE TABLE setting (id int PRIMARY KEY, value varchar(40))")
        cursor.execute("CREATE TABLE trail (id int AUTO_INCREMENT PRIMARY KEY, what varchar(40))")
        cursor.execute("INSERT INTO item VALUES (1, 'Google', 9.99, 5, 0), (2, 'Pixel', 5, 5, 0)")
        cursor.execute("INSERT INTO setting VALUES (1, 'a')")
        cursor.execute(
            "CREATE TRIGGER theirs BEFORE UPDATE ON item FOR EACH ROW INSERT INTO trail (what) VALUES (NEW.name)"
        )
    return name


@pytest.fixture
def fences(mariadb: MariaDb, database: str) -> Iterator[Callable[[str], Fence]]:
    source = Source(mariadb.url(database))
    with source.connect() as con:
        tables = read_tables(con)
    made: list[Fence] = []

    def fence(group: str) -> Fence:
        made.append(Fence(source, group, holdings(Toy(), tables, group), PASS))  # type: ignore[arg-type]
        return made[-1]

    yield fence
    for each in made:
        each._drop_hand()


@pytest.fixture
def person(mariadb: MariaDb, database: str) -> Iterator[Callable[..., Any]]:
    """Somebody with a connection of their own: `ask = person(); ask("SELECT …")`."""
    opened = []

    def make(**options: Any) -> Callable[..., Any]:
        con = mariadb.connect(database)
        opened.append(con)
        if options.get("transaction"):
            con.autocommit(False)

        def ask(sql: str) -> Any:
            with con.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()

        return ask

    yield make
    for con in opened:
        con.close()


def refused(ask: Callable[..., Any], sql: str) -> str:
    with pytest.raises(pymysql.err.MySQLError) as told:
        ask(sql)
    assert told.value.args[0] == CODE
    return str(told.value.args[1])


async def shut(fence: Fence, epoch: int = 2) -> int:
    await fence.take_hand()
    await fence.stand()
    await fence.lock(2)
    place = await fence.position()
    await fence.close(epoch)
    await fence.unlock()
    return place.offset


async def test_an_open_fence_hinders_nobody_and_a_closed_one_says_what_to_do(fences: Any, person: Any) -> None:
    fence, ask = fences("catalog"), person()
    await fence.take_hand()
    assert await fence.stand() == 3
    assert await fence.stand() == 0
    ask("UPDATE item SET name = 'Goggle' WHERE id = 1")
    assert not await fence.closed()
    await shut(fence)
    assert await fence.closed()
    assert "has moved to Banyan" in refused(ask, "UPDATE item SET name = 'Google' WHERE id = 1")
    refused(ask, "INSERT INTO item VALUES (3, 'x', 1, 1, 0)")
    refused(ask, "DELETE FROM item WHERE id = 2")
    refused(ask, "REPLACE INTO item VALUES (2, 'x', 1, 1, 0)")
    refused(ask, "INSERT INTO item VALUES (2, 'x', 1, 1, 0) ON DUPLICATE KEY UPDATE name = 'y'")
    assert ask("SELECT name FROM item ORDER BY id") == (("Goggle",), ("Pixel",))
    await fence.open(3)
    ask("UPDATE item SET name = 'Google' WHERE id = 1")
    await fence.remove()
    assert ask("SHOW TRIGGERS LIKE 'item'")[0][0] == "theirs"
    assert len(ask("SHOW TRIGGERS LIKE 'item'")) == 1


async def test_columns_belong_to_groups_and_noise_to_nobody(fences: Any, person: Any) -> None:
    ask = person()
    await shut(fences("catalog"))
    ask("UPDATE item SET quantity = quantity - 1, viewed = viewed + 1 WHERE id = 1")
    refused(ask, "UPDATE item SET quantity = 1, price = 10 WHERE id = 1")
    ask("UPDATE setting SET value = 'b'")
    await shut(fences("orders"))
    refused(ask, "UPDATE item SET quantity = quantity - 1 WHERE id = 1")
    ask("UPDATE item SET viewed = viewed + 1")
    assert ask("SELECT quantity, viewed FROM item WHERE id = 1") == ((4, 2),)


@pytest.mark.parametrize("change", ["name = 'google'", "name = 'Google '", "name = NULL", "price = 9.98"])
async def test_a_change_that_a_collation_would_overlook_is_a_change(fences: Any, person: Any, change: str) -> None:
    await shut(fences("catalog"))
    refused(person(), f"UPDATE item SET {change} WHERE id = 1")


async def test_closing_waits_for_what_is_open_and_the_position_is_past_it(fences: Any, person: Any) -> None:
    fence, writer, reader = fences("catalog"), person(transaction=True), person()
    await fence.take_hand()
    await fence.stand()
    writer("UPDATE item SET price = 1 WHERE id = 1")
    threading.Timer(0.4, lambda: writer("COMMIT")).start()
    offset = await shut(fence)
    with fence.source.connect() as con:
        file = head(con).file
    written = [row for row in reader(f"SHOW BINLOG EVENTS IN '{file}'") if f"{fence.source.database}.item" in row[5]]
    assert written
    assert written[-1][4] < offset
    assert reader("SELECT price FROM item WHERE id = 1")[0][0] == 1


async def test_a_transaction_that_began_before_the_closing_is_refused_too(fences: Any, person: Any) -> None:
    fence, old = fences("catalog"), person(transaction=True)
    await fence.take_hand()
    await fence.stand()
    assert old("SELECT value FROM setting") == (("a",),)  # its snapshot is from before
    await shut(fence)
    refused(old, "UPDATE item SET price = 1 WHERE id = 1")


async def test_a_long_transaction_makes_us_step_back_and_nobody_waits_behind_us(fences: Any, person: Any) -> None:
    fence, slow, other = fences("catalog"), person(transaction=True), person()
    await fence.take_hand()
    await fence.stand()
    slow("UPDATE item SET price = 1 WHERE id = 1")
    with pytest.raises(Unavailable, match="has been writing"):
        await fence.lock(0.5)
    other("UPDATE item SET price = 2 WHERE id = 2")
    assert len(other("SELECT * FROM item")) == 2
    slow("COMMIT")
    await shut(fence)


async def test_readers_do_not_wait_while_the_lock_is_held(fences: Any, person: Any) -> None:
    fence, reader = fences("catalog"), person()
    await fence.take_hand()
    await fence.stand()
    await fence.lock(1)
    assert len(reader("SELECT * FROM item")) == 2
    await fence.unlock()


async def test_a_table_without_transactions_is_fenced_whole(fences: Any, person: Any) -> None:
    ask = person()
    ask("INSERT INTO sale (note) VALUES ('first')")
    await shut(fences("orders"))
    refused(ask, "INSERT INTO sale (note) VALUES ('second'), ('third')")
    refused(ask, "UPDATE sale SET note = 'x'")
    assert ask("SELECT note FROM sale") == (("first",),)


async def test_our_way_back_passes_and_a_wrong_pass_does_not(fences: Any, person: Any) -> None:
    ask = person()
    await shut(fences("catalog"))
    ask("SET @banyan_pass = 'guess'")
    refused(ask, "UPDATE item SET price = 1 WHERE id = 1")
    ask(f"SET @banyan_pass = '{PASS}'")
    ask("UPDATE item SET price = 1 WHERE id = 1")


async def test_who_was_refused_is_known(fences: Any, person: Any) -> None:
    fence, ask = fences("catalog"), person()
    await shut(fence)
    assert await fence.stand(counting=True) == 6
    for _ in range(3):
        refused(ask, "UPDATE item SET price = 1 WHERE id = 1")
    [hit] = await fence.hits()
    assert (hit.table, hit.action, hit.hits) == ("item", "UPDATE", 3)
    assert hit.who.startswith("mover@")
    assert await fences("orders").hits() == [hit]  # the table is of both


async def test_one_hand_moves_a_fence_and_the_one_before_is_cut_off(fences: Any, person: Any) -> None:
    stalled, next_ = fences("catalog"), fences("catalog")
    await stalled.take_hand()
    await stalled.stand()
    await stalled.lock(1)
    await next_.take_hand()
    with pytest.raises(Unavailable):
        await stalled.close(2)
    await next_.open(3)
    person()("UPDATE item SET price = 1 WHERE id = 1")
    with pytest.raises(Conflict):
        await fences("catalog").close(4)


async def test_an_older_epoch_does_not_move_the_fence(fences: Any, person: Any) -> None:
    fence = fences("catalog")
    await shut(fence, epoch=5)
    with pytest.raises(Conflict, match="newer epoch"):
        await fence.open(4)
    refused(person(), "UPDATE item SET price = 1 WHERE id = 1")


def test_a_trigger_has_another_name_when_it_is_another_trigger(fences: Any) -> None:
    [item] = [each for each in fences("catalog").holdings if each.table.name == "item"]
    narrower = replace(item, columns=item.columns[:-1])
    names = {trigger.name for each in (item, narrower) for trigger in triggers("catalog", [each], PASS, counting=False)}
    assert len(names) == 4  # INSERT and DELETE are the same for both
    assert all(len(name) <= 64 for name in names)
    assert isinstance(item, Holding)
