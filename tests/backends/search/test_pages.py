"""Facets, filters, orders and pages of every search backend, all compared with a few lines of Python over the same products."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.foundation.search import DEEPEST, PATH, Document, Facet, Query, Search, Sort
from tests.backends.search.shelves import Open, fill, ids


@pytest.fixture(scope="module")
async def furnished(new: Open) -> Search:
    search = new()
    await fill(search, CATALOGUE)
    return search


_dice = random.Random(7)
_PATHS = [("Home",), ("Home", "Desks"), ("Home", "Desks", "Accessories"), ("Office", "Accessories"), ()]
CATALOGUE = [
    Document(
        f"p{at:03}",
        f"{_dice.choice(['Walnut', 'walnut', 'Oak', 'Élan'])} {_dice.choice(['desk', 'lamp'])}",
        _dice.choice(["Vitra", "IKEA", "Ääkkönen", "", *(f"Maker {n}" for n in range(70))]),
        _dice.choice(_PATHS),
        price=_dice.choice([0, 99, 1999, 2000, 4995, 123_456, _dice.randrange(100_000)]),
        popularity=_dice.choice([0, 0, 5]),
        created=_dice.choice([1_700_000_000, 1_800_000_000, _dice.randrange(2_000_000_000)]),
        available=_dice.random() < 0.8,
    )
    for at in range(400)
]
_dice.shuffle(CATALOGUE)

QUERIES = st.builds(
    Query,
    text=st.sampled_from(["", "walnut", "lamp"]),
    category=st.sampled_from([None, "", "Home", "Desks", "Accessories", "Home > Desks", "Office > Accessories", "No"]),
    brands=st.sampled_from([(), ("IKEA",), ("IKEA", "Vitra", "Maker 3"), ("Ääkkönen",), ("ikea",), ("nobody",)]),
    price_min=st.sampled_from([None, 0, 99, 2000, 5000, -(2**80)]),
    price_max=st.sampled_from([None, 0, 1999, 4995, 200_000, 2**80]),
    available_only=st.booleans(),
    sort=st.sampled_from([Sort.PRICE, Sort.PRICE_DOWN, Sort.NEWEST, Sort.NAME, Sort.POPULARITY]),
    offset=st.sampled_from([0, 1, 7, 150, 390, 500]),
    limit=st.sampled_from([0, 1, 20, 400]),
)


def wanted(query: Query, but: str = "") -> list[Document]:
    def holds(it: Document) -> bool:
        paths = {PATH.join(it.categories[:depth]) for depth in range(1, len(it.categories) + 1)}
        return (
            query.text in it.name.lower()
            and (but == "category" or not query.category or query.category in {*it.categories, *paths})
            and (but == "brand" or not query.brands or it.brand in query.brands)
            and (but == "price" or query.price_min is None or it.price >= query.price_min)
            and (but == "price" or query.price_max is None or it.price <= query.price_max)
            and (it.available or not query.available_only)
        )

    return sorted(filter(holds, CATALOGUE), key=lambda it: it.id)


ORDERS: dict[Sort, Callable[[Document], Any]] = {
    Sort.PRICE: lambda it: it.price,
    Sort.PRICE_DOWN: lambda it: -it.price,
    Sort.NEWEST: lambda it: -it.created,
    Sort.POPULARITY: lambda it: -it.popularity,
    Sort.NAME: lambda it: it.name.lower().replace("é", "e"),
}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
async def test_pages_and_facets_are_exact_and_each_facet_ignores_its_own_filter(
    furnished: Search, query: Query
) -> None:
    results = await furnished.search(query)
    found = wanted(query)
    page = sorted(found, key=ORDERS[query.sort])[query.offset : query.offset + query.limit]
    assert (results.total, results.ids) == (len(found), tuple(it.id for it in page))

    brands = Counter(it.brand for it in wanted(query, but="brand") if it.brand)
    paths = Counter(
        PATH.join(it.categories[:depth])
        for it in wanted(query, but="category")
        for depth in range(1, len(it.categories) + 1)
    )
    for facets, counts in ((results.brands, brands), (results.categories, paths)):
        assert facets == tuple(Facet(*it) for it in sorted(counts.items(), key=lambda it: (-it[1], it[0]))[:20])
    priced = wanted(query, but="price")
    assert sum(band.count for band in results.prices) == len(priced)
    assert [band.count for band in results.prices] == [
        sum(band.low <= it.price <= band.high for it in priced) for band in results.prices
    ]


async def test_a_facet_chosen_gives_as_many_products_as_it_said(furnished: Search) -> None:
    results = await furnished.search(Query("desk"))
    for brand in results.brands:
        assert (await furnished.search(Query("desk", brands=(brand.value,)))).total == brand.count
    for category in results.categories:
        assert (await furnished.search(Query("desk", category=category.value))).total == category.count
    for band in results.prices:
        narrowed = Query("desk", price_min=band.low, price_max=band.high)
        assert (await furnished.search(narrowed)).total == band.count


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("text", ["", "walnut"])
async def test_turning_pages_shows_each_product_once_and_in_the_order_of_one_long_page(
    furnished: Search, sort: Sort, text: str
) -> None:
    whole = await ids(furnished, text, sort=sort, limit=400)
    pages = [await ids(furnished, text, sort=sort, offset=start, limit=17) for start in range(0, 400, 17)]
    assert tuple(name for page in pages for name in page) == whole
    assert len(set(whole)) == len(whole) == len(wanted(Query(text)))


async def test_equal_matches_follow_their_ids_however_they_came_into_the_index(search: Search) -> None:
    names = [f"p{at:02}" for at in range(60)]
    for start in range(0, 60, 12):
        await fill(search, [Document(name, "Oak table") for name in reversed(names[start : start + 12])])
    await fill(search, [Document(name, "Oak table") for name in names[20:30]])
    for sort in Sort:
        assert await ids(search, "oak table", sort=sort, limit=60) == tuple(names)
        assert await ids(search, "oak table", sort=sort, offset=25, limit=3) == tuple(names[25:28])


async def test_filters_narrow_what_the_words_mean_and_do_not_change_it(search: Search) -> None:
    await fill(search, [Document("a", "Oak table", "IKEA"), Document("b", "Oak chair", "Vitra")])
    results = await search.search(Query("oak table", brands=("Vitra",)))
    assert (results.total, results.brands) == (0, (Facet("IKEA", 1),))


@pytest.mark.parametrize(("offset", "limit"), [(DEEPEST, 1), (0, DEEPEST + 1), (-1, 5), (0, -1)])
def test_a_page_beyond_the_deepest_is_refused(offset: int, limit: int) -> None:
    with pytest.raises(ValueError, match="within the first 10,000"):
        Query(offset=offset, limit=limit)
