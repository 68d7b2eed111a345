"""An old shop's shelves come over, are told of as edits are, go back as they came, and wait for what they name."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.catalog import (
    BrandsChanged,
    CategoriesChanged,
    PriceChanged,
    ProductAdded,
    ProductChanged,
    ProductRemoved,
)
from banyan.contracts.legacy import (
    BrandRecord,
    CatalogHandOver,
    CatalogTake,
    CatalogTenure,
    CategoryRecord,
    Fate,
    Outcome,
    ProductRecord,
    VariantRecord,
)
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.money import Money
from banyan.kernel.refusals import Moving
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import CATALOGUE, Counter

_ids = SeededIds(VirtualClock(), 5)
_number = count(1)
_epoch = count(1)
WHEN = datetime(2019, 3, 2, 9, 15, tzinfo=UTC)


def category(name: str = "", parent: str | None = None, **given: Any) -> CategoryRecord:
    plain = {"id": _ids.new("cat"), "version": 1, "name": name or f"Lamps {next(_number)}", "parent_id": parent}
    return CategoryRecord.model_validate(plain | given)


def brand(name: str = "", **given: Any) -> BrandRecord:
    return BrandRecord.model_validate(
        {"id": _ids.new("brd"), "version": 1, "name": name or f"Brand {next(_number)}"} | given
    )


def variant(*prices: int, **given: Any) -> VariantRecord:
    money = [Money(amount, currency) for amount, currency in zip(prices, ("EUR", "GBP"), strict=False)]
    plain = {"id": _ids.new("var"), "sku": f"SKU-{next(_number)}", "prices": money}
    return VariantRecord.model_validate(plain | given)


def product(*variants: VariantRecord, **given: Any) -> ProductRecord:
    plain = {
        "id": _ids.new("prd"),
        "version": 1,
        "name": f"Brass lamp {next(_number)}",
        "variants": variants or (variant(4900),),
        "created_at": WHEN,
    }
    return ProductRecord.model_validate(plain | given)


def newer(record: Any, **changes: Any) -> Any:
    return type(record).model_validate(record.model_dump() | {"version": record.version + 1} | changes)


async def take(counter: Counter, *records: Any) -> list[Fate]:
    return list((await counter.ask(CatalogTake(records=records))).fates)


async def taken(counter: Counter, *records: Any) -> None:
    fates = await take(counter, *records)
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN] * len(records), fates


async def back(counter: Counter, *records: Any) -> list[Any]:
    """These as they are here."""
    [kind] = {record.kind for record in records}
    ids = tuple(record.id for record in records)
    return list((await counter.ask(CatalogHandOver(kind=kind, ids=ids))).records)


async def owner(counter: Counter, whose: str | None) -> None:
    await counter.ask(CatalogTenure.model_validate({"group": "catalog", "owner": whose, "epoch": next(_epoch)}))


@pytest.fixture(scope="module")
async def fenced(open_counter: OpenCounter) -> Counter:
    """A catalogue of its own for tests that change who owns it."""
    return await open_counter()


async def test_a_whole_shelf_comes_over_in_one_call_whatever_its_order(counter: Counter) -> None:
    top = category("Lighting")
    below = category("Lamps", top.id, position=3)
    maker = brand("Nørd")
    lamp = product(
        variant(4900, 4250, options={"Finish": "Brass"}, weight_g=1800),
        variant(5100, options={"Finish": "Steel"}),
        name="Brass table lamp",
        description="A lamp.\nOf brass.",
        brand_id=maker.id,
        category_id=below.id,
        images=("https://shop.example/image/lamp.jpg", "catalog/demo/lamp_2.jpg"),
        attributes={"Height": "42 cm"},
        popularity=17,
    )
    await counter.told()
    await taken(counter, lamp, maker, below, top)
    assert await counter.told() == [
        CategoriesChanged(category_id=top.id),
        CategoriesChanged(category_id=below.id),
        BrandsChanged(brand_id=maker.id),
        ProductAdded(product_id=lamp.id, slug="brass-table-lamp", published=True),
    ]
    shown = await counter.json(f"/v1/products/{lamp.id}")
    assert (shown["slug"], shown["brand"], shown["popularity"]) == ("brass-table-lamp", "Nørd", 17)
    assert [each["name"] for each in shown["categories"]] == ["Lighting", "Lamps"]
    assert [each["url"] for each in shown["images"]] == [lamp.images[0], "/media/catalog/demo/lamp_2.jpg"]
    assert shown["variants"][0]["prices"] == [
        {"amount": 4900, "currency": "EUR"},
        {"amount": 4250, "currency": "GBP"},
    ]
    assert [each["value"] for each in shown["attributes"]] == ["42 cm"]
    assert shown["created_at"] == "2019-03-02T09:15:00Z"
    assert await back(counter, lamp) == [lamp]
    assert await back(counter, top, below) == [top, below]
    assert await back(counter, maker) == [maker]
    assert await counter.broken() == []


async def test_what_is_offered_again_or_says_nothing_new_changes_nothing(counter: Counter) -> None:
    lamp = product(variant(100), variant(200, 300, options={"Size": "L"}), images=("https://a.example/x.png",))
    await taken(counter, lamp)
    before = await counter.rows_of(*CATALOGUE)
    await counter.told()
    assert [fate.outcome for fate in await take(counter, lamp)] == [Outcome.STALE]
    await taken(counter, newer(lamp))
    assert await counter.rows_of(*CATALOGUE) == before
    assert await counter.told() == []
    assert await back(counter, lamp) == [newer(lamp)]


async def test_an_edit_there_is_an_edit_here(counter: Counter) -> None:
    first, second = variant(100), variant(200, 300, options={"Size": "L"})
    lamp = product(first, second, images=("https://a.example/x.png", "https://a.example/y.png"))
    await taken(counter, lamp)
    await counter.told()
    cheaper = second.model_copy(update={"prices": (Money(150, "EUR"),), "sku": first.sku})
    third = variant(700, options={"Size": "XL"})
    edited = newer(lamp, name="Other", variants=(cheaper, third), images=("https://a.example/y.png",))
    await taken(counter, edited)
    assert await back(counter, lamp) == [edited]
    slug = (await counter.json(f"/v1/products/{lamp.id}"))["slug"]
    assert slug.startswith("brass-lamp")  # a name may change, an address that was made stays
    assert await counter.told() == [
        ProductChanged(product_id=lamp.id, slug=slug, published=True),
        PriceChanged(product_id=lamp.id, sku=first.sku, before=Money(200, "EUR"), after=Money(150, "EUR")),
        PriceChanged(product_id=lamp.id, sku=third.sku, before=None, after=Money(700, "EUR")),
    ]
    bare = newer(edited, variants=(), images=())
    await taken(counter, bare)
    assert await back(counter, lamp) == [bare]
    assert await counter.broken() == []


async def test_a_removed_product_is_archived_and_an_unremoved_one_is_sold_again(counter: Counter) -> None:
    lamp = product()
    await taken(counter, lamp)
    await counter.told()
    gone = ProductRecord(id=lamp.id, version=2, name="", created_at=WHEN, removed=True)
    await taken(counter, gone, never := product(removed=True))
    [told] = await counter.told()
    assert (type(told), told.published) == (ProductChanged, False)
    assert (await counter.get(f"/v1/products/{lamp.id}")).status == 404
    assert await back(counter, gone, never) == [gone, never]
    answer = await counter.send("PATCH", f"/v1/products/{lamp.id}", {"status": "published"}, if_match="*")
    assert answer.status == 200, answer
    [again] = await back(counter, lamp)
    assert (again.removed, again.status, again.name, again.version) == (False, "published", lamp.name, 2)
    await counter.send("DELETE", f"/v1/products/{lamp.id}")
    [removed_here] = await back(counter, lamp)
    assert (removed_here.removed, removed_here.version) == (True, 2)
    await counter.told(ProductRemoved)


async def test_a_product_waits_for_its_brand_and_category_and_a_category_for_the_one_above_it(counter: Counter) -> None:
    top, maker = category(), brand()
    below = category(parent=top.id)
    lamp, vase = product(brand_id=maker.id), product(category_id=below.id)
    fates = await take(counter, below, lamp, vase, plain := product())
    assert [fate.outcome for fate in fates] == [Outcome.WAITS] * 3 + [Outcome.TAKEN]
    assert fates[0].why == f"the category above it, {top.id}, has not come yet"
    assert fates[1].why == f"{maker.id}, which it names, has not come yet"
    assert len(await back(counter, lamp, vase, plain)) == 1
    await taken(counter, maker, top, below, lamp, vase)


async def test_a_category_that_is_removed_lets_its_products_go_and_waits_for_those_below_it(counter: Counter) -> None:
    top, maker = category(), brand()
    below = category(parent=top.id)
    lamp = product(category_id=below.id, brand_id=maker.id)
    await taken(counter, top, below, maker, lamp)
    await counter.told()
    fates = await take(counter, newer(top, removed=True))
    assert (fates[0].outcome, fates[0].why) == (Outcome.WAITS, "other categories are still in it")
    await taken(counter, newer(top, removed=True), newer(below, removed=True), newer(maker, removed=True))
    kinds = [type(fact) for fact in await counter.told()]
    assert kinds == [ProductChanged, CategoriesChanged, CategoriesChanged, ProductChanged, BrandsChanged]
    [now] = await back(counter, lamp)
    assert (now.brand_id, now.category_id) == (None, None)
    assert await back(counter, top) == [newer(top, removed=True)]
    # What names something that is gone for good need not wait for it.
    late = product(category_id=below.id, brand_id=maker.id)
    await taken(counter, late)
    assert await back(counter, late) == [late]
    assert await counter.broken() == []


async def test_a_tree_stays_a_tree(counter: Counter) -> None:
    ids = [_ids.new("cat") for _ in range(3)]
    circle = [category(id=ids[place], parent=ids[place - 1]) for place in range(3)]
    hanging = category(parent=ids[0])
    fates = await take(counter, *circle, hanging, own := category(id="cat_" + "0" * 26, parent="cat_" + "0" * 26))
    assert [fate.outcome for fate in fates] == [Outcome.REFUSED] * 3 + [Outcome.WAITS, Outcome.REFUSED]
    assert {fates[0].why, fates[4].why} == {"it is below itself"}
    assert own.id
    top = category()
    below = category(parent=top.id)
    lowest = category(parent=below.id)
    await taken(counter, lowest, below, top)
    assert [fate.why for fate in await take(counter, newer(top, parent_id=lowest.id))] == ["it is below itself"]
    await taken(counter, newer(lowest, parent_id=None), newer(top, parent_id=lowest.id))
    assert [each.parent_id for each in await back(counter, lowest, top, below)] == [None, lowest.id, top.id]
    deep = [category()]
    for _ in range(10):
        deep.append(category(parent=deep[-1].id))
    fates = await take(counter, *deep)
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN] * 10 + [Outcome.REFUSED]
    assert await counter.broken() == []


async def test_two_of_one_name_are_told_apart_here_and_go_back_as_they_came(counter: Counter) -> None:
    top = category()
    twins = [category("Google", top.id), category("google ", top.id), category("GOOGLE", top.id)]
    makers = [brand("Häfele"), brand("häfele")]
    await taken(counter, top, *twins, *makers)
    rows = await counter.ports.db.fetch("SELECT name FROM category WHERE parent_id = $1 ORDER BY name", top.id)
    assert [row["name"] for row in rows] == ["GOOGLE (3)", "Google", "google (2)"]
    assert await back(counter, *twins) == twins
    assert await back(counter, *makers) == makers
    await taken(counter, newer(twins[0], name="Bing"), newer(twins[1]))
    assert [each.name for each in await back(counter, *twins)] == ["Bing", "google ", "GOOGLE"]
    lamp = product(variant(1, options={"Colour": "Grey "}), variant(2, options={"Colour": "grey"}), name="Twin")
    await taken(counter, lamp, other := product(name="Twin"))
    assert await back(counter, lamp, other) == [lamp, other]
    assert await counter.broken() == []


async def test_a_renamed_brand_is_told_for_each_of_its_products(counter: Counter) -> None:
    maker = brand()
    lamp = product(brand_id=maker.id)
    await taken(counter, maker, lamp)
    await counter.told()
    await taken(counter, newer(maker, name="New name"))
    assert [fact.product_id for fact in await counter.told(ProductChanged)] == [lamp.id]


async def test_a_sku_and_a_variant_belong_to_one_product(counter: Counter) -> None:
    shared = variant(100)
    first, second = product(shared), product(variant(100, sku=shared.sku))
    fates = await take(counter, first, second, product(shared.model_copy(update={"sku": "OTHER-1"})))
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN, Outcome.REFUSED, Outcome.REFUSED]
    assert fates[1].why == f"the SKU {shared.sku} belongs to another product, {first.id}"
    assert fates[2].why == f"the variant {shared.id} belongs to another product, {first.id}"
    moved = [newer(first, variants=(variant(1),)), newer(second)]
    await taken(counter, *moved)
    assert await back(counter, first, second) == moved
    here = await counter.product("BORN-HERE-1")
    [fate] = await take(counter, product(variant(1, sku="BORN-HERE-1")))
    assert fate.why == f"the SKU BORN-HERE-1 belongs to another product, {here['id']}"


async def test_an_old_address_is_kept_where_it_can_be(counter: Counter) -> None:
    lamp, odd = product(slug="hp-lp3065"), product(slug="Crème Brûlée/50%")
    await taken(counter, lamp, odd, twin := product(slug="hp-lp3065"))
    assert (await counter.json("/v1/products/hp-lp3065"))["id"] == lamp.id
    assert (await counter.json("/v1/products/creme-brulee-50"))["id"] == odd.id
    assert (await counter.json(f"/v1/products/{twin.id}"))["slug"].startswith("hp-lp3065-")
    assert await back(counter, lamp, odd, twin) == [lamp, odd, twin]
    await taken(counter, newer(lamp, slug="monitor"))
    assert (await counter.json("/v1/products/hp-lp3065"))["slug"] == "monitor"  # the old one goes on leading there
    await taken(counter, newer(newer(lamp), slug="hp-lp3065"), newer(twin))
    assert await counter.broken() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": " \x07 "}, "no name"),
        ({"name": "a\0"}, "NUL"),
        ({"id": "prd_1"}, "id is none"),
        ({"popularity": 1 << 63}, "a number that is too large"),
        ({"variants": (variant(1, sku="a/b"),)}, "cannot be a SKU"),
        ({"variants": (variant(1, sku="same"), variant(2, sku="same", options={"a": "b"}))}, "same SKU"),
        ({"variants": (variant(1, id="var_1"),)}, "an id of its own"),
    ],
)
async def test_one_that_cannot_be_taken_is_refused_in_plain_words_and_holds_up_nobody(
    counter: Counter, change: dict[str, Any], why: str
) -> None:
    good, bad = [product(), product()], product().model_copy(update=change)
    fates = await take(counter, good[0], bad, good[1], category(name=" "), brand(id="brd_1"))
    assert [fate.outcome for fate in fates] == [
        Outcome.TAKEN, Outcome.REFUSED, Outcome.TAKEN, Outcome.REFUSED, Outcome.REFUSED,
    ]  # fmt: skip
    assert why in fates[1].why


async def test_what_nobody_could_buy_is_not_shown_and_not_lost(counter: Counter) -> None:
    free = product(variant(0), variant(options={"a": "b"}), status="published")
    debt = product(VariantRecord(id=_ids.new("var"), sku="DEBT", prices=(Money(-100, "EUR"),), weight_g=-5))
    await taken(counter, free, debt, none := product(variants=()))
    for each in (free, debt, none):
        assert (await counter.get(f"/v1/products/{each.id}")).status == 404
    assert await back(counter, free, debt, none) == [free, debt, none]
    assert await counter.broken() == []


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
_names = _texts.map(lambda text: f"x{text}")
_amounts = st.integers(-5, 2**53 - 1)


@st.composite
def _products(draw: st.DrawFn) -> ProductRecord:
    variants = [
        variant(
            options=draw(st.dictionaries(_texts, _texts, max_size=3)),
            prices=[
                Money(draw(_amounts), code)
                for code in draw(st.lists(st.sampled_from(["USD", "EUR", "JPY"]), unique=True))
            ],
            weight_g=draw(st.integers(-10, 2**40)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    pictures = st.sampled_from(["/media/a/b.png", "a/b.png", "../x", "https://x.example/a b.png", "javascript:x", ""])
    return product(
        variants=variants,
        name=draw(_names),
        description=draw(_texts),
        slug=draw(st.one_of(st.none(), _texts)),
        status=draw(st.sampled_from(["draft", "published", "archived"])),
        images=draw(st.lists(pictures, max_size=4)),
        attributes=draw(st.dictionaries(_texts, _texts, max_size=3)),
        popularity=draw(st.integers(-5, 2**40)),
        created_at=draw(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))),
        version=draw(st.integers(1, 1 << 60)),
    )


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_comes_goes_back_as_it_came_also_when_it_comes_again(
    counter: Counter, data: st.DataObject
) -> None:
    first = data.draw(st.lists(_products(), min_size=1, max_size=3))
    await taken(counter, *first)
    assert await back(counter, *first) == first
    second = [newer(data.draw(_products()), id=each.id, version=each.version + 1) for each in first]
    await taken(counter, *second)
    assert await back(counter, *second) == second
    tree = [category(data.draw(_names), position=data.draw(st.integers(1 - 2**63, 2**63 - 1))) for _ in range(2)]
    await taken(counter, *tree)
    assert await back(counter, *tree) == tree
    assert await counter.broken() == []


async def test_what_somebody_changed_here_goes_back_changed_and_the_rest_as_it_came(counter: Counter) -> None:
    lamp = product(variant(0, 300), variant(200, options={"Size": "L "}), name="  Lamp \x07", slug=None, popularity=-3)
    await taken(counter, lamp)
    answer = await counter.send(
        "PUT", f"/v1/products/{lamp.id}/variants/{lamp.variants[1].sku}/prices/EUR", {"amount": 250}, if_match="*"
    )
    assert answer.status < 300, answer
    [now] = await back(counter, lamp)
    changed = lamp.variants[1].model_copy(update={"prices": (Money(250, "EUR"),)})
    assert now == lamp.model_copy(update={"variants": (lamp.variants[0], changed)})
    born = await counter.product("BORN-HERE-2")
    [handed] = (await counter.ask(CatalogHandOver(kind="product", ids=(born["id"], "prd_nobody")))).records
    assert (handed.version, handed.name, handed.slug) == (0, "BORN-HERE-2", born["slug"])


async def test_every_write_is_refused_while_the_old_shop_owns_the_catalogue_and_nothing_changes(
    fenced: Counter,
) -> None:
    counter = fenced
    lamp, shelf = product(), category()
    await taken(counter, lamp, shelf)
    here = await counter.product("BORN-HERE-3")
    await owner(counter, "legacy")
    before = await counter.rows_of(*CATALOGUE)
    one, sku = f"/v1/products/{here['id']}", "BORN-HERE-3"
    new = {"name": "x", "status": "draft"}
    for method, path, body in (
        ("POST", "/v1/products", new),
        ("PATCH", one, {"name": "y"}),
        ("DELETE", one, None),
        ("POST", f"{one}/variants", {"sku": "NEW-1", "options": {"a": "b"}}),
        ("PATCH", f"{one}/variants/{sku}", {"weight_g": 3}),
        ("PUT", f"{one}/variants/{sku}/prices/EUR", {"amount": 5}),
        ("POST", "/v1/categories", {"name": "y"}),
        ("PATCH", f"/v1/categories/{shelf.id}", {"name": "y"}),
        ("DELETE", f"/v1/categories/{shelf.id}", None),
        ("POST", "/v1/attributes", {"code": "abc", "name": "Abc", "kind": "text"}),
    ):
        answer = await counter.send(method, path, body, if_match="*")
        assert (answer.status, answer.json()["code"]) == (503, "moving"), (method, path, answer)
    with pytest.raises(Moving):
        await counter.take({"sku": "IMPORTED-1", "name": "Imported", "price": "1.00"})
    assert await counter.rows_of(*CATALOGUE) == before
    assert (await counter.get(one)).status == 200
    # What inventory tells goes on reaching shoppers, and what the old shop does too.
    await counter.inventory_tells(lamp.variants[0].sku, True)
    assert (await counter.json(f"/v1/products/{lamp.id}"))["variants"][0]["available"]
    await taken(counter, newer(lamp, name="Taken"))
    await owner(counter, "new")
    assert (await counter.send("PATCH", one, {"name": "y"}, if_match="*")).status == 200
    fates = await take(counter, newer(newer(lamp)), product(id=here["id"]), late := product())
    assert [fate.outcome for fate in fates] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.TAKEN]
    assert await back(counter, late) == [late]
    await owner(counter, None)
    assert await counter.broken() == []
