"""Seals: a form holds for the browser it was made for, and only when it was sent from a page of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from banyan.foundation.face.seal import SIZE, Seal
from banyan.foundation.settings import Settings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Forbidden

SEAL = Seal("shop", b"key", "https://shop.test")
MASK = bytes(range(SIZE))


def request(**headers: str) -> Request:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": given})


def test_a_form_holds_for_the_browser_it_was_made_for_only() -> None:
    token = SEAL.token("mine", MASK)
    SEAL.check(request(), "mine", token)
    for nonce, sent in (("other", token), ("mine", token[:-2] + "AA"), ("mine", ""), ("", token), ("mine", "é" * 64)):
        with pytest.raises(Forbidden):
            SEAL.check(request(), nonce, sent)


def test_a_form_of_another_key_does_not_hold() -> None:
    with pytest.raises(Forbidden):
        SEAL.check(request(), "mine", Seal("shop", b"other", "https://shop.test").token("mine", MASK))


def test_a_form_of_one_face_is_none_of_another() -> None:
    with pytest.raises(Forbidden):
        SEAL.check(request(), "mine", Seal("office", b"key", "https://shop.test").token("mine", MASK))


def test_processes_with_one_secret_take_each_others_forms_and_others_do_not() -> None:
    def seal(seed: int, **more: str) -> Seal:
        return Seal.of("shop", Settings.model_validate(more), SeededIds(VirtualClock(), seed))

    token = seal(1, peer_secret="the peers' secret").token("mine", MASK)
    seal(2, peer_secret="the peers' secret").check(request(), "mine", token)
    with pytest.raises(Forbidden):
        seal(1).check(request(), "mine", seal(2).token("mine", MASK))


def test_a_token_never_looks_the_same_twice() -> None:
    assert SEAL.token("mine", MASK) != SEAL.token("mine", bytes(SIZE))


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"origin": "https://shop.test"}, True),
        ({"origin": "https://localhost:8000", "host": "localhost:8000"}, True),
        ({"origin": "http://shop.test", "host": "shop.test"}, False),
        ({"origin": "https://shop.eu", "host": "10.0.0.1", "x_forwarded_host": "shop.eu"}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"origin": "https://evil.test", "host": "shop.test"}, False),
        ({"origin": "null", "host": "shop.test"}, False),
        ({"origin": "https://[", "host": "shop.test"}, False),
        ({"origin": "https://evil.test"}, False),
        ({"origin": "https://shop.test.evil.test", "host": "shop.test"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site", "origin": "https://shop.test"}, False),
    ],
)
def test_a_form_is_taken_from_our_own_pages_only(headers: dict[str, str], allowed: bool) -> None:
    token = SEAL.token("mine", MASK)
    if allowed:
        return SEAL.check(request(**headers), "mine", token)
    with pytest.raises(Forbidden, match="another site"):
        SEAL.check(request(**headers), "mine", token)


@given(st.text(), st.text())
def test_no_text_is_a_token(nonce: str, token: str) -> None:
    with pytest.raises(Forbidden):
        SEAL.check(request(), nonce, token)


def test_a_shop_on_a_laptop_is_reached_by_any_of_its_names() -> None:
    seal = Seal("shop", b"key", "http://127.0.0.1:8000")
    here = request(origin="http://localhost:8000", host="localhost:8000")
    seal.check(here, "mine", seal.token("mine", MASK))
