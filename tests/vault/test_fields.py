"""The page on which a card is typed: read as people write, led back to the shop alone, framed by nobody else."""

import pytest

from banyan.foundation import fields
from banyan.foundation.face.forms import Form
from banyan.foundation.fields import Fields, Typed
from tests.vault.conftest import SHOP, VAULT, World

CARD = {"number": "4242 4242 4242 4242", "expiry": "08/29", "cvc": "123"}


@pytest.mark.parametrize("expiry", ["08/29", "8/29", "0829", "08 / 2029", "08-29", "08 29"])
def test_a_card_is_read_as_people_write_it(expiry: str) -> None:
    card = fields.typed(Form((CARD | {"expiry": expiry}).items()))
    assert isinstance(card, Typed)
    assert (card.number.get_secret_value(), card.exp_month, card.exp_year) == ("4242424242424242", 8, 2029)
    assert "4242" not in repr(card)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"number": "", "expiry": "", "cvc": ""}, {"number", "expiry", "cvc"}),
        ({"number": "4242 4242 4242 4241"}, {"number"}),
        ({"expiry": "13/29"}, {"expiry"}),
        ({"expiry": "soon"}, {"expiry"}),
        ({"cvc": "12"}, {"cvc"}),
    ],
)
async def test_what_cannot_be_right_is_told_by_field_and_what_was_typed_is_not_shown_again(
    world: World, typed: dict[str, str], wrong: set[str]
) -> None:
    found = fields.typed(Form((CARD | typed).items()))
    assert isinstance(found, dict)
    assert set(found) == wrong
    body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in (CARD | typed).items()).encode()
    told = await world.http("POST", "/card", body, content_type="application/x-www-form-urlencoded", origin=VAULT)
    assert told.status == 422
    assert b"4242" not in told.body
    assert told.body.count(b"aria-invalid") == len(wrong)


@pytest.mark.parametrize("back", ["//evil.example/x", "https://evil.example", "/../x", "/a?b=c", "javascript:x", ""])
def test_the_way_back_is_a_path_of_the_shop(back: str) -> None:
    pages = Fields(shop=SHOP, origin=VAULT, keeper="the vault")
    assert pages.back(back, "ref_1").headers["location"] == f"{SHOP}/checkout/payment?card=ref_1"
    assert pages.back("/account/payment", "ref_1").headers["location"] == f"{SHOP}/account/payment?card=ref_1"


def test_only_the_shop_frames_the_fields_and_the_page_is_framed_by_nobody() -> None:
    pages = Fields(shop=SHOP, origin=VAULT, keeper="the vault", secure=True)
    frame, page = pages.frame(), pages.page("/account/payment")
    assert f"frame-ancestors {SHOP}" in frame.headers["content-security-policy"]
    assert "script-src 'self'" in frame.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert b"<script" not in page.body
    for answer in (frame, page):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"]


async def test_a_card_typed_without_scripts_goes_back_by_a_reference_alone(world: World) -> None:
    body = b"number=4242+4242+4242+4242&expiry=12%2F31&cvc=123&return=%2Faccount%2Fpayment"
    told = await world.http("POST", "/card", body, content_type="application/x-www-form-urlencoded", origin=VAULT)
    assert told.status == 303
    place, _, reference = (told.header("location") or "").partition("?card=")
    assert place == f"{SHOP}/account/payment"
    card = await world.http("POST", "/v1/vault/redemptions", {"reference": reference})
    assert card.json()["last4"] == "4242"
    theirs = await world.http("POST", "/card", body, content_type="application/x-www-form-urlencoded", origin="null")
    assert theirs.status == 403
