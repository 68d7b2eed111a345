"""Addresses: nobody is led away, and a list's address says all of its state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.storefront.places import linked, local, toggled, without
from tests.storefront.browser import Browser
from tests.storefront.fake_shop import FakeShop

AWAY = [
    "https://evil.test", "//evil.test", "/\\evil.test", "\\/evil.test", "javascript:alert(1)", "/ok\r\nset-cookie: a=b",
    "/\t/evil.test", "", "evil", "/a b", "/é", "/" + "x" * 4001, "http:evil.test", "///evil.test",
]  # fmt: skip


@pytest.mark.parametrize("wanted", AWAY)
def test_nobody_is_led_away(wanted: str) -> None:
    assert local(wanted, "/here") == "/here"


@pytest.mark.parametrize("wanted", ["/", "/account", "/orders/ord_1?access=a-b_c", "/c/a%20b", "/checkout/delivery#x"])
def test_own_paths_are_kept(wanted: str) -> None:
    assert local(wanted) == wanted


@given(st.text())
def test_whatever_is_wanted_stays_here(wanted: str) -> None:
    place = local(wanted)
    assert place.startswith("/")
    assert place[1:2] not in ("/", "\\")
    assert place.isascii()
    assert place.isprintable()


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_is_one_segment_of_a_link(text: str) -> None:
    assert "/" not in linked(text)
    assert linked(text).strip(".")
    assert linked(text).isascii()


def test_a_value_goes_in_and_out_again() -> None:
    pairs = [("q", "mug"), ("brand", "A")]
    more = toggled(pairs, "brand", "B")
    assert more == [*pairs, ("brand", "B")]
    assert toggled(more, "brand", "B") == pairs
    assert without(more, "brand") == [("q", "mug")]


@pytest.mark.parametrize("wanted", AWAY)
async def test_signing_in_leads_to_a_page_of_ours(member: Browser, shop: FakeShop, wanted: str) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    await member.get("/sign-in")
    page = await member.submit(
        "/sign-in", follow=False, email="ada@example.com", password="four words in a row", next=wanted
    )
    assert (page.status, page.to) == (303, "/account")


async def test_signing_in_leads_back_to_where_one_was(member: Browser) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    page = await member.get("/account/orders?cursor=x")
    assert page.path == "/sign-in?next=/account/orders%3Fcursor%3Dx"
    page = await member.submit("/sign-in", follow=False, email="ada@example.com", password="four words in a row")
    assert page.to == "/account/orders?cursor=x"
