"""Who gives orders away is told how many are half done, and can have those that wait looked at now."""

from banyan.contracts.legacy import AskUnsettled, Unsettled
from tests.orders.world import Client, World

_WAITS = """UPDATE saga SET finished_at = NULL, step = 'capture', claimed = $2, attempt = $3,
    next_at = shop_now() + interval '1 hour' WHERE order_id = $1"""


async def ask(world: World, *, hurry: bool = False) -> Unsettled:
    return await world.shop.peers.ask(AskUnsettled(hurry=hurry))


async def test_an_order_is_under_way_until_nothing_is_left_to_do_for_it(world: World, client: Client) -> None:
    db = world.ports.db
    done = (await ask(world)).under_way
    await client.fill(MUG=2)
    _, order = await client.check_out()
    await db.execute(_WAITS, order["id"], False, 5)
    found = await ask(world)
    assert (found.under_way, found.stuck, found.numbers[0]) == (done + 1, 1, order["number"])
    await db.execute(_WAITS, order["id"], False, 4)
    assert (await ask(world)).stuck == 0


async def test_what_waits_is_looked_at_now_and_what_is_worked_on_is_left_alone(world: World, client: Client) -> None:
    db = world.ports.db
    late = "SELECT count(*) FROM saga WHERE next_at > shop_now() + interval '1 minute'"
    for claimed, left in ((True, 1), (False, 0)):
        await db.execute("UPDATE saga SET finished_at = shop_now(), next_at = NULL, claimed = false")
        await client.fill(MUG=1)
        _, order = await client.check_out()
        await db.execute(_WAITS, order["id"], claimed, 1)
        assert (await ask(world, hurry=True)).under_way == 1
        assert await db.fetchval(late) == left
