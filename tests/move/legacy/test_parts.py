"""The parts by themselves: text, e-mail addresses, times, statuses, the category tree, names."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.legacy import Names, Unwritable
from banyan.move.legacy.opencart import emails, text, times
from banyan.move.legacy.opencart.amounts import Coin
from banyan.move.legacy.opencart.statuses import INSTALLED, Statuses
from banyan.move.legacy.opencart.tree import Tree
from banyan.move.legacy.opencart.variants import key, made_sku, parsed
from banyan.move.rows import Column, Row, Table


def rows(table_name: str, /, **columns: list[object]) -> list[Row]:
    """Rows of a table that has just these columns."""
    table = Table(
        table_name, tuple(Column(each, "varchar", "varchar(255)", "utf8mb4", None, True) for each in columns), ()
    )
    return [
        Row(table, tuple(None if each is None else str(each).encode() for each in values))
        for values in zip(*columns.values(), strict=True)
    ]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="ÂÃâ\u2028\u2029")))
def test_escaping_is_taken_off_as_it_was_put_on(said: str) -> None:
    wanted = said.strip()
    if text.line(wanted) == wanted:  # no mojibake in it
        assert text.line(text.escaped(wanted)) == wanted
        assert text.line(text.narrowed(text.escaped(wanted))) == wanted


@given(st.text(st.sampled_from("aé–“”€ßøŁ "), min_size=1, max_size=20))
def test_mojibake_is_put_right_whole_or_not_at_all(said: str) -> None:
    wanted = said.strip()
    stored = wanted.encode().decode("cp1252", "replace")
    assert text.line(stored) in (wanted, stored.replace("\x81", " ").strip())
    if "\ufffd" not in stored:
        assert text.line(stored) == wanted


def test_text_that_only_looks_odd_is_left_alone() -> None:
    for said in ("Ã", "Âge d'or", "São Tomé", "naïve café", "Ü©", "AT&T", "a < b"):
        assert text.line(said) == said


def test_a_description_becomes_plain_text_and_back() -> None:
    stored = text.escaped("<h2>Mug</h2><p>Holds <b>tea</b> &amp; more.<br>Twice.</p><ul><li>5 &mdash; star</li></ul>")
    said = text.prose(stored)
    assert said == "Mug\n\nHolds tea & more.\nTwice.\n\n• 5 — star"
    assert text.prose(text.marked_up(said)) == said
    assert "alert" not in text.prose(text.escaped("<p>a</p><script>alert(1)</script>"))


@pytest.mark.parametrize("email", ["a@b.example", "O'Neil+x@sub.example.org", "jürgen@müller.example"])
def test_what_is_an_address_is_one(email: str) -> None:
    assert emails.canonical(email)
    assert emails.canonical(email.upper()) == emails.canonical(email)


@pytest.mark.parametrize("email", ["", "x", "a@b", "a b@c.example", "@c.example", "a@@c.example", "a..b@c.example"])
def test_what_is_no_address_is_none(email: str) -> None:
    assert emails.canonical(email) is None


def test_the_first_customer_keeps_an_address_until_they_leave_it() -> None:
    names = Names()
    assert emails.address(names, "1", "Ann@x.example ", closed=False) == "Ann@x.example"
    assert emails.address(names, "2", "ann@X.example", closed=False) == "ann+2@X.example.duplicate.invalid"
    assert emails.address(names, "1", "Ann@x.example ", closed=False) == "Ann@x.example"
    emails.released(names, "1")
    assert emails.address(names, "2", "ann@X.example", closed=False) == "ann@X.example"
    assert emails.address(names, "1", "Ann@x.example ", closed=False) == "Ann+1@x.example.duplicate.invalid"


def test_a_closed_customer_keeps_no_address_from_an_open_one() -> None:
    names = Names()
    assert emails.address(names, "1", "ann@x.example", closed=True) == "ann+1@x.example.closed.invalid"
    assert emails.address(names, "2", "ann@x.example", closed=False) == "ann@x.example"
    assert emails.address(names, "1", "ann@x.example", closed=False) == "ann+1@x.example.duplicate.invalid"
    assert emails.stands_for("ann+1@x.example.duplicate.invalid", "1")
    assert not emails.stands_for("ann+1@x.example.duplicate.invalid", "2")


def test_every_address_that_stands_for_another_is_one_that_is_accepted() -> None:
    names = Names()
    long = "x" * 64 + "@" + ".".join(["y" * 60] * 3) + ".example"
    for place, written in enumerate(["", "no-at", long, "ü" * 32 + "@x.example", "a@b.example"]):
        found = emails.address(names, str(place + 10**9), written, closed=True)
        assert emails.canonical(found), found


def test_an_hour_that_comes_twice_is_taken_for_its_first_time() -> None:
    berlin = times.zone("Europe/Berlin")
    (row,) = rows("t", at=["2026-10-25 02:30:00"])
    assert times.moment(row, "at", berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert times.wall(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), berlin) == b"2026-10-25 02:30:00"
    for never in ("0000-00-00 00:00:00", None, "2024-02-00 00:00:00", "9999-99-99 00:00:00"):
        assert times.moment(rows("t", at=[never])[0], "at", berlin) is None
    with pytest.raises(ValueError, match="no time zone"):
        times.zone("Mars/Olympus")


def statuses(names: dict[int, str], **more: object) -> Statuses:
    found = rows("order_status", order_status_id=[*names], language_id=[1] * len(names), name=[*names.values()])
    given: dict[str, object] = {"processing": frozenset(), "complete": frozenset(), "declared": {}, **more}
    return Statuses.of(found, 1, **given)  # type: ignore[arg-type]


def test_statuses_are_found_by_name_then_number_then_list() -> None:
    found = statuses(
        {1: "Canceled", 2: "Wartet auf Ware", 20: "Ready for pickup", 21: "Packed", 22: "Lost", 23: "Sent"},
        processing=frozenset({21}),
        complete=frozenset({20}),
        declared={"23": "fulfilled"},
    )
    assert [found.status(id) for id in (1, 2, 20, 21, 22, 23, 99)] == [
        "cancelled",
        "confirmed",
        "fulfilled",
        "confirmed",
        "processing",
        "fulfilled",
        "processing",
    ]
    assert (found.name(99), found.id_named("status 99"), found.id_named("ready FOR pickup")) == ("status 99", 99, 20)
    assert (found.id_for("cancelled"), found.id_for("fulfilled")) == (1, 20)
    with pytest.raises(Unwritable, match="refunded"):
        found.id_for("refunded")


def test_every_installed_status_has_a_meaning() -> None:
    installed = statuses({id: f"Status {id}" for id in INSTALLED})
    assert {installed.status(id) for id in INSTALLED} == set(INSTALLED.values())


def test_the_tree_is_ours_whatever_the_legacy_one_is() -> None:
    deep = {id: id - 1 for id in range(1, 16)}
    other = {50: 999, 51: 52, 52: 51, 53: 51, 60: 1, 61: 1, 70: 71, 71: 1}
    parents = {**deep, **other}
    found = rows(
        "category",
        category_id=[*parents],
        parent_id=[*parents.values()],
        status=[0 if id == 71 else 1 for id in parents],
    )
    names = {**{id: f"C{id}" for id in parents}, 60: "Lamps", 61: "lamps "}
    tree = Tree.of(found, set(parents) - {61} | {61}, names)
    assert [len(tree.chain(id)) for id in (1, 10, 11, 15)] == [1, 10, 10, 10]
    assert tree.parent(15) == 9
    assert tree.parent(50) is None  # its parent does not exist
    assert tree.rings.keys() == {51, 52}
    assert tree.parent(53) is None  # below a ring
    assert tree.parent(70) == 1  # its parent is off
    assert not tree.has(71)
    assert (tree.name(60), tree.name(61)) == ("Lamps", "lamps (61)")
    assert tree.deepest([1, 3, 71, 404]) == 3


@given(st.integers(1, 10**9), st.dictionaries(st.integers(1, 10**6), st.integers(1, 10**6), max_size=4))
def test_a_variants_key_says_what_was_chosen(product: int, chosen: dict[int, int]) -> None:
    said = key(str(product), chosen.items())
    assert parsed(said) == (str(product), sorted(chosen.items()))
    assert made_sku(said).startswith(f"p{product}")


def test_a_name_is_held_by_one_key_and_free_again_when_it_is_left() -> None:
    names = Names()
    assert names.keep("sku", "1", ["A", "A-1"]) == "A"
    assert names.keep("sku", "2", ["A", "A-2"]) == "A-2"
    assert names.keep("sku", "1", ["B"]) == "A"  # once given, for good
    assert names.claim("sku", "1", ["B", "B-1"]) == "B"
    assert (names.holder("sku", "A"), names.holder("sku", "B"), names.held("sku", "2")) == ("", "1", "A-2")


def test_amounts_are_rounded_as_php_rounds_them() -> None:
    euro = Coin("EUR", Decimal("0.78460002"))
    assert euro.of(Decimal("2535.2000")).amount == 198912
    assert Coin("USD", Decimal(1)).of(Decimal("0.0050")).amount == 1
    assert Coin("USD", Decimal(1)).of(Decimal("-0.0050")).amount == -1
    assert Coin("JPY", Decimal("149.5")).of(Decimal("10.0100")).amount == 1496
