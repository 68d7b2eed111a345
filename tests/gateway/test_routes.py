"""A path is its longest prefix's, by whole segments; one that could be read in two ways is let in by nobody."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.gateway.routes import LONGEST_PATH, Routes, checked
from banyan.kernel.refusals import Malformed, NotFound, Refusal
from banyan.topology import ROUTES

TABLE = Routes(ROUTES)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/me", "users"),
        ("/v1/me/addresses/adr_1", "users"),
        ("/v1/me/payment-methods", "payments"),
        ("/v1/me/payment-methods/pmt_1/default", "payments"),
        ("/v1/me/payment-methodsx", "users"),
        ("/v1/products/x/y/z", "catalog"),
        ("/.well-known/jwks.json", "users"),
        ("/media/a/b.svg", "catalog"),
        ("/console", "console"),
        ("/consoles", "storefront"),
        ("/", "storefront"),
        ("/cart", "storefront"),
    ],
)
def test_the_longest_prefix_wins(path: str, service: str) -> None:
    found = TABLE.find(path)
    assert found is not None
    assert found.service == service


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/menu", "/v1/productsx", "/v1/internal"])
def test_what_no_service_owns_below_v1_is_no_page_of_the_storefront(path: str) -> None:
    assert TABLE.find(path) is None


segment = st.text("abcv1me-_.~", min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))


@given(st.lists(st.lists(segment, min_size=1, max_size=4), min_size=1, max_size=8), st.lists(segment, max_size=6))
def test_the_table_means_what_a_search_through_all_prefixes_means(rows: list[list[str]], asked: list[str]) -> None:
    table = {"/" + "/".join(row): str(number) for number, row in enumerate(rows)} | {"/": "rest"}
    path = "/" + "/".join(asked)
    fitting = [prefix for prefix in table if path == prefix or path.startswith(prefix.rstrip("/") + "/")]
    found = Routes(table).find(path)
    if path == "/v1" or path.startswith("/v1/"):
        fitting = [prefix for prefix in fitting if prefix != "/"]
    assert (found.prefix if found else None) == max(fitting, key=len, default=None)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"*", b"v1", b"http://evil/v1", b"//evil.example/x", b"/v1//products", b"/a//"),
        *(b"/..", b"/a/../b", b"/a/.", b"/./a", b"/%2e%2e/a", b"/a/%2E%2e", b"/a/.%2e/b"),
        *(b"/a%2fb", b"/a%2Fb", b"/a%5cb", b"/a\\b", b"/%00", b"/a%0d%0aSet-Cookie:x", b"/%7f", b"/a\x00", b"/a\r\n"),
        *(b"/%", b"/%2", b"/%zz", b"/%ff", b"/%c0%af", b"/%ed%a0%80", b"/\xc3\xa9", b"/a b", b"/a?b", b"/a#b"),
    ],
)
def test_a_path_that_could_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        checked(raw)


@pytest.mark.parametrize("raw", [b"/internal", b"/internal/calls/orders.X", b"/%69nternal/calls/x", b"/interna%6c/"])
def test_what_services_say_to_each_other_is_not_there_for_others(raw: bytes) -> None:
    with pytest.raises(NotFound):
        checked(raw)


@pytest.mark.parametrize(
    "raw", [b"/", b"/internals", b"/v1/products/", b"/a/..b/c..", b"/a%20b/%C3%A9", b"/...", b"/{x}|"]
)
def test_an_honest_path_is_let_in(raw: bytes) -> None:
    assert checked(raw).startswith("/")


@given(st.binary(max_size=40))
def test_whatever_is_let_in_has_one_spelling_and_stays_below_the_root(tail: bytes) -> None:
    try:
        path = checked(b"/" + tail)
    except Refusal as refusal:
        assert refusal.status in (400, 404)  # noqa: PT017
        return
    segments = path.split("/")[1:]
    assert not {".", ".."} & set(segments)
    assert "" not in segments[:-1]
    assert not any(ord(sign) < 32 or sign in "\\\x7f" for sign in path)
    assert checked(quote(path).encode()) == path


def test_an_endless_address_is_refused() -> None:
    for raw, query in ((b"/" + b"a" * LONGEST_PATH, b""), (b"/", b"q" * 9000)):
        with pytest.raises(Refusal) as refused:
            checked(raw, query)
        assert refused.value.status == 414
