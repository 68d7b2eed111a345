"""What inventory tells is seen by shoppers, once, whenever it arrives; what a cart asks is answered as it is now."""

import asyncio

from banyan.contracts.catalog import AskItems, ProductChanged
from banyan.contracts.inventory import AvailabilityChanged
from banyan.foundation.service import Together
from banyan.kernel.money import Money
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import Counter, eventually
from tests.orders.world import counted


async def available(counter: Counter, slug: str) -> bool:
    return bool((await counter.json(f"/v1/products/{slug}"))["variants"][0]["available"])


async def test_a_variant_is_available_when_inventory_says_so(counter: Counter) -> None:
    made = await counter.product("AVL-1")
    await counter.told()
    await counter.inventory_tells("AVL-1", True)
    assert await available(counter, "avl-1")
    changed = ProductChanged(product_id=made["id"], slug="avl-1", published=True)
    assert await counter.told() == [changed]
    await counter.inventory_tells("AVL-1", True)
    assert await counter.told() == []
    await counter.inventory_tells("AVL-1", False)
    assert not await available(counter, "avl-1")
    assert await counter.told() == [changed]


async def test_what_was_told_before_the_variant_came_is_remembered(counter: Counter) -> None:
    await counter.inventory_tells("EARLY-1", True)
    await counter.product("EARLY-1")
    assert await available(counter, "early-1")


async def test_a_variant_and_its_availability_may_come_at_the_same_moment(counter: Counter) -> None:
    """Neither is lost: whoever comes second sees the other, and the product counts a change."""
    for number in range(10):
        sku = f"meet-{number}"
        await asyncio.gather(counter.product(sku), counter.inventory_tells(sku, True))
        assert await available(counter, sku)
        await counter.told()
        await counter.inventory_tells(sku, False)
        assert len(await counter.told(ProductChanged)) == 1


async def test_what_comes_together_is_noted_in_two_statements_and_told_once_for_a_product(counter: Counter) -> None:
    first, second = await counter.product("MANY-1"), await counter.product("MANY-2")
    await counter.told()
    told = [("MANY-1", False), ("MANY-2", True), ("nobody's", True), ("MANY-1", True), ("a/b", True)]
    reaction = counter.service.reactions[AvailabilityChanged]
    assert isinstance(reaction, Together)
    async with counter.ports.db.transaction() as tx:
        with counted() as statements:
            await reaction.react(counter.ports, tx, [AvailabilityChanged(sku=sku, available=can) for sku, can in told])
    assert len(statements) == 2
    changed = await counter.told(ProductChanged)
    assert sorted(each.product_id for each in changed) == sorted([first["id"], second["id"]])
    assert await available(counter, "many-1")
    assert await available(counter, "many-2")


async def test_a_sku_that_cannot_be_ours_is_left_alone(counter: Counter) -> None:
    for sku in ("a/b", "", "x" * 300, "nul\0"):
        await counter.inventory_tells(sku, True)
    assert await counter.ports.db.fetch("SELECT FROM availability WHERE sku = ANY($1)", ["a/b", "", "x" * 300]) == []


async def test_facts_come_over_the_bus(open_counter: OpenCounter) -> None:
    counter = await open_counter(work=True)
    await counter.product("BUS-1")
    async with counter.ports.db.transaction() as tx:  # our own outbox stands for inventory's
        tx.tell(AvailabilityChanged(sku="BUS-1", available=True))
    await eventually(lambda: available(counter, "bus-1"))


async def test_a_cart_is_told_name_price_and_whether_it_can_be_sold(counter: Counter) -> None:
    made = await counter.made(
        "/v1/products",
        {
            "name": "Tent",
            "status": "published",
            "tax_class": "reduced",
            "images": [{"url": "https://example.com/tent.jpg"}],
            "variants": [
                {
                    "sku": "TNT-1",
                    "options": {"Colour": "Moss"},
                    "weight_g": 2000,
                    "prices": [{"amount": 19900, "currency": "EUR"}, {"amount": 21900, "currency": "USD"}],
                },
                {"sku": "TNT-2", "options": {"Colour": "Rust"}, "prices": [{"amount": 18900, "currency": "EUR"}]},
            ],
        },
    )
    items = (await counter.ask(AskItems(skus=("TNT-2", "nobody", "TNT-1", "TNT-2", "nul\0"), currency="USD"))).items
    assert [item.sku for item in items] == ["TNT-2", "TNT-1"]
    other, item = items
    assert (item.product_id, item.slug, item.name) == (made["id"], "tent", "Tent")
    assert (item.options, item.tax_class, item.weight_g) == ({"Colour": "Moss"}, "reduced", 2000)
    assert (item.image, item.price, item.sellable) == ("https://example.com/tent.jpg", Money(21900, "USD"), True)
    assert (other.price, other.sellable) == (None, False)
    await counter.send("PATCH", f"/v1/products/{made['id']}", {"status": "archived"}, if_match="*")
    [item] = (await counter.ask(AskItems(skus=("TNT-1",), currency="EUR"))).items
    assert (item.price, item.sellable) == (Money(19900, "EUR"), False)
