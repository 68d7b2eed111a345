"""What every search backend promises of words: what they find, in which order, and what it suggests meanwhile."""

import pytest

from banyan.foundation.search import Document, Query, Results, Search
from tests.backends.search.shelves import fill, ids, named


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Café Crème Machine", "cafe creme"),
        ("Cafe Creme Machine", "Café CRÈME"),
        ("Straße Łódź", "strasse lodz"),
        ("Insignia™ Speaker", "insignia"),
        ("Running Shoes", "run shoe"),
        ("Running Shoe", "runs shoes"),
        ("Men's Jacket", "mens jacket"),
        ("Mens Jacket", "men’s jacket"),
        ("iPhone6s Case", "iphone 6s"),
        ("iPhone 6s Case", "iphone6s"),
        ("Charger GB-20", "gb20"),
        ("Charger GB-20", "gb 20"),
        ("Charger GB20", "GB-20"),
        ("Router 4G LTE", "4g"),
        ("Disk 16GB", "16 gb"),
        ("Disk 16 GB", "16gb"),
        ("WiFi Router", "wi-fi"),
        ("Wi-Fi Router", "wifi"),
        ("Soundbar", "sound bar"),
        ("Phone Case", "phonecase"),
        ("TV 4.5-inch", "4.5 inch"),
        ("Sofa 1,299 Edition", "1299"),
        ("ＦＵＬＬ　ＷＩＤＴＨ", "full width"),
        ("日本語の本", "日本"),
        ("Case for the Phone", "phone with a case"),
        ("The Who", "the who"),
    ],
)
async def test_the_same_word_spelt_otherwise_is_found(search: Search, name: str, typed: str) -> None:
    await fill(search, [Document("this", name), Document("other", "Garden hose")])
    assert await ids(search, typed) == ("this",)


async def test_the_last_word_may_be_unfinished_and_a_whole_word_comes_before_it(search: Search) -> None:
    await fill(search, named("Samsung Galaxy Phone", "Samsung Galactic Poster", "Samsung Gal"))
    found = await ids(search, "samsung gal")
    assert (found[0], set(found)) == ("2", {"0", "1", "2"})
    assert await ids(search, "samsung galax") == ("0",)


async def test_all_words_are_wanted_and_most_of_them_will_do_where_no_product_has_all(search: Search) -> None:
    await fill(search, named("Red wool scarf", "Red wool hat", "Blue cotton scarf"))
    assert await ids(search, "red wool scarf") == ("0",)
    assert set(await ids(search, "red wool gloves scarf yellow")) >= {"0"}
    assert (await ids(search, "blue wool hat"))[0] == "1"


async def test_name_before_brand_before_keywords_before_description(search: Search) -> None:
    await fill(
        search,
        [
            Document("description", "One thing", description="a walnut finish"),
            Document("keywords", "Two things", keywords="walnut"),
            Document("brand", "Three things", brand="Walnut"),
            Document("name", "Walnut things"),
        ],
    )
    assert await ids(search, "walnut") == ("name", "brand", "keywords", "description")


async def test_words_in_order_come_before_the_same_words_apart_and_a_names_beginning_before_both(
    search: Search,
) -> None:
    await fill(search, named("Red apple phone holder", "Holder apple red phone", "Phone apple red holder"))
    assert (await ids(search, "red phone"))[0] == "1"
    assert (await ids(search, "apple phone"))[0] == "0"
    assert (await ids(search, "holder"))[0] == "1"
    assert (await ids(search, "phone"))[0] == "2"


async def test_of_two_equal_matches_the_popular_one_is_first_but_never_before_a_better_match(search: Search) -> None:
    await fill(
        search,
        [
            Document("a", "Oak table"),
            Document("b", "Oak table", popularity=900),
            Document("c", "Lamp", description="for an oak table", popularity=1_000_000),
        ],
    )
    assert await ids(search, "oak table") == ("b", "a", "c")


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("samsnug", "samsung"),
        ("smsung phone", "samsung phone"),
        ("samsungg", "samsung"),
        ("hedphonse", "headphones"),
        ("wireles headphones", "wireless headphones"),
    ],
)
async def test_typing_errors_are_forgiven_and_the_correction_is_told(
    search: Search, typed: str, corrected: str
) -> None:
    await fill(search, named("Samsung phone", "Wireless headphones", "Garden hose"))
    results = await search.search(Query(typed))
    assert (results.total, results.corrected) == (1, corrected)


@pytest.mark.parametrize("typed", ["samsung", "phone samsung", "sams", "", "phones"])
async def test_what_needs_no_correction_gets_none(search: Search, typed: str) -> None:
    await fill(search, named("Samsung phone", "Samsun phones", "Garden hose"))
    assert (await search.search(Query(typed))).corrected is None


async def test_an_exact_word_comes_before_a_guessed_one(search: Search) -> None:
    await fill(search, named("Stone table", "Stove table", "Store table"))
    assert (await ids(search, "stove table"))[0] == "1"
    assert await ids(search, "stove") == ("1",)


@pytest.mark.parametrize("typed", ["cat", "phon3xyz", "qqqqqqq", "12346", "kb-100002"])
async def test_short_words_and_codes_are_never_guessed(search: Search, typed: str) -> None:
    await fill(search, named("Car", "Bat", "Phone", "Set 12345", "Board KB-100001"))
    results = await search.search(Query(typed))
    assert not {"0", "1", "3"} & set(results.ids)
    assert results.corrected is None


async def test_words_nobody_knows_find_nothing_and_their_facets_are_empty(search: Search) -> None:
    await fill(search, named("Walnut desk"))
    assert await search.search(Query("zzyzx")) == Results((), 0)


@pytest.mark.parametrize("text", ["", "  ", "!!!", "\0", "\ud800"])
async def test_no_words_mean_everything_the_popular_first(search: Search, text: str) -> None:
    await fill(search, [Document("a", "Desk"), Document("b", "Chair", popularity=3), Document("c", "Lamp")])
    assert await ids(search, text) == ("b", "a", "c")


HOSTILE = [
    "name:*", '"unclosed', "((((", "a AND OR NOT", "+ - ~2 ^5", "[* TO *]", "\\", "/.*/", "^", "$", "^walnut$",
    "walnut\0desk", "\ud83d", "'; DROP TABLE", "a" * 100_000, "walnut " * 5_000, "日" * 5_000, "-" * 300, "\u0301" * 300,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
async def test_no_text_is_a_fault(search: Search, text: str) -> None:
    await fill(search, named("Walnut desk"))
    assert (await search.search(Query(text, category=text, brands=(text,)))).total == 0
    await search.search(Query(text))
    await search.suggest(text)


async def test_suggestions_complete_brands_categories_and_names_and_none_twice(search: Search) -> None:
    await fill(
        search,
        [
            Document("a", "Galaxy S7", "Samsung", ("Phones", "Samsung Galaxy"), popularity=9),
            Document("b", "Samsung Charger", "Samsung", ("Phones",)),
            Document("c", "SAMSUNG CHARGER", "Samsung"),
            Document("d", "Case for Samsung", "Speck", popularity=5),
        ],
    )
    assert await search.suggest("sam") == ("Samsung", "Samsung Galaxy", "Samsung Charger", "Case for Samsung")
    assert await search.suggest("samsung ch") == ("Samsung Charger",)
    assert await search.suggest("galaxy s") == ("Samsung Galaxy", "Galaxy S7")
    assert await search.suggest("sam", limit=2) == ("Samsung", "Samsung Charger")
    assert await search.suggest("sam", limit=0) == ()


async def test_suggestions_forgive_an_error_in_the_last_word_where_nothing_else_matches(search: Search) -> None:
    await fill(search, named("Wireless headphones", "Headboard"))
    assert await search.suggest("wireless haedph") == ("Wireless headphones",)
    assert await search.suggest("qqqqq") == ()
    assert await search.suggest("") == ()
