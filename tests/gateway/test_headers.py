"""Nobody outside speaks as one of us, and what leaves tells browsers what not to do."""

import pytest

from banyan.foundation.auth import cart_cookie
from banyan.gateway.headers import Headers, Safety, cart_token, checked, inwards, must_be_from_here, outwards
from banyan.kernel.refusals import Forbidden, Malformed, NotFound


def passed(*given: tuple[bytes, bytes], named: bytes = b"") -> dict[bytes, bytes]:
    return dict(inwards(given, named, address="203.0.113.9", scheme="https", host=b"shop.example"))


def test_what_only_we_may_say_is_not_passed_on() -> None:
    ours = (b"x-deadline", b"x-request-id", b"traceparent", b"forwarded", b"x-real-ip")
    claimed = [(name, b"1.2.3.4") for name in (*ours, b"x-forwarded-for", b"x-forwarded-proto", b"x-banyan-anything")]
    assert passed(*claimed, (b"accept", b"*/*")) == {
        b"accept": b"*/*",
        b"x-forwarded-for": b"203.0.113.9",
        b"x-forwarded-proto": b"https",
        b"x-forwarded-host": b"shop.example",
    }


def test_headers_of_one_hop_end_here() -> None:
    hop = [(name, b"x") for name in (b"connection", b"te", b"upgrade", b"keep-alive", b"transfer-encoding", b"trailer")]
    kept = passed(*hop, (b"x-private", b"1"), (b"idempotency-key", b"k"), named=b"close, X-Private")
    assert b"idempotency-key" in kept
    assert not {b"x-private", *(name for name, _ in hop)} & set(kept)


def test_an_etag_that_we_marked_reaches_the_service_as_its_own() -> None:
    assert passed((b"if-match", b'"7-gz", "8"'))[b"if-match"] == b'"7", "8"'


def test_cookies_in_crumbs_become_one_header_again() -> None:
    assert passed((b"cookie", b"a=1"), (b"cookie", b"b=2"))[b"cookie"] == b"a=1; b=2"


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        *((b"banyan_cart=ct_abc", "ct_abc"), (b"a=1; banyan_cart=ct_abc;b=2", "ct_abc"), (b"a=1;banyan_cart=x", "x")),
        *((b"not_banyan_cart=ct_abc", ""), (b"a=banyan_cart=ct", ""), (b"", "")),
    ],
)
def test_the_cart_token_is_found_among_the_cookies(cookie: bytes, token: str) -> None:
    assert cart_token([(b"accept", b"*/*"), (b"cookie", cookie)]) == token


def test_on_https_a_cart_that_another_host_planted_is_none_of_ours() -> None:
    planted, held = (b"cookie", b"banyan_cart=ct_planted"), (b"cookie", b"a=1; __Host-banyan_cart=ct_held")
    assert cart_token([planted], cart_cookie("https://shop.example")) == ""
    assert cart_token([planted, held], cart_cookie("https://shop.example")) == "ct_held"


def test_two_of_a_kind_that_could_be_read_either_way_are_refused() -> None:
    for name in (b"host", b"content-length", b"authorization", b"transfer-encoding"):
        with pytest.raises(Malformed):
            checked([(name, b"1"), (b"accept", b"*/*"), (name, b"2")])
    assert checked([(b"accept", b"a"), (b"accept", b"b")])[b"accept"] == b"b"


def test_a_body_with_both_length_and_chunks_is_refused() -> None:
    with pytest.raises(Malformed):
        checked([(b"content-length", b"4"), (b"transfer-encoding", b"chunked")])


def test_who_plays_one_of_our_services_finds_nothing() -> None:
    with pytest.raises(NotFound):
        checked([(b"x-banyan-peer", b"orders.1.abc")])


def test_what_is_for_the_gateway_alone_stays_here() -> None:
    told: Headers = [
        (b"X-Banyan-Tags", b"lists"),
        (b"Server", b"x"),
        (b"Connection", b"close"),
        (b"X-Request-Id", b"r"),
    ]
    assert outwards([*told, (b"Set-Cookie", b"a"), (b"set-cookie", b"b")]) == [
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]


def test_a_service_that_says_more_about_safety_is_heard() -> None:
    safety = Safety("http://127.0.0.1:8000")
    added = dict(safety.added([(b"content-security-policy", b"script-src 'nonce-1'")], "/"))
    assert added[b"content-security-policy"] == b"script-src 'nonce-1'"
    assert (added[b"x-content-type-options"], added[b"x-frame-options"]) == (b"nosniff", b"DENY")
    assert b"strict-transport-security" not in added
    secured = dict(Safety("https://shop.example").added([], "/"))
    assert secured[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("path", ["/v1/me", "/graphql", "/oauth/token", "/.well-known/jwks.json", "/webhooks/stripe"])
def test_what_is_no_page_may_load_nothing_and_is_shown_nowhere(path: str) -> None:
    added = dict(Safety("https://shop.example").added([], path))
    assert added[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert added[b"cross-origin-opener-policy"] == added[b"cross-origin-resource-policy"] == b"same-origin"
    assert b"camera=()" in added[b"permissions-policy"]


COOKIE, TOKEN = {b"cookie": b"banyan_cart=ct_x"}, {b"authorization": b"Bearer x"}


@pytest.mark.parametrize(
    ("method", "path", "given", "site", "fits"),
    [
        *(("POST", "/v1/carts/crt_1/lines", COOKIE, site, False) for site in (b"cross-site", b"same-site", b"other")),
        ("POST", "/graphql", COOKIE, b"cross-site", False),
        *(("POST", "/v1/carts/crt_1/lines", COOKIE, site, True) for site in (b"same-origin", b"none", None)),
        ("POST", "/v1/carts", COOKIE | TOKEN, b"cross-site", True),
        ("POST", "/v1/carts", {}, b"cross-site", True),
        ("GET", "/v1/carts/crt_1", COOKIE, b"cross-site", True),
        ("POST", "/checkout/place", COOKIE, b"cross-site", True),
    ],
)
def test_no_other_site_acts_with_the_cookies_of_ours(
    method: str, path: str, given: dict[bytes, bytes], site: bytes | None, fits: bool
) -> None:
    told = given | ({b"sec-fetch-site": site} if site else {})
    if fits:
        must_be_from_here(method, path, told)
    else:
        with pytest.raises(Forbidden):
            must_be_from_here(method, path, told)


def test_what_is_personal_is_kept_by_no_cache() -> None:
    safety = Safety("https://shop.example")
    assert dict(safety.added([], "/v1/me", personal=True))[b"cache-control"] == b"no-store"
    assert b"cache-control" not in dict(safety.added([], "/v1/products"))
    told: Headers = [(b"cache-control", b"private, max-age=5")]
    assert dict(safety.added(told, "/v1/me", personal=True))[b"cache-control"] == b"private, max-age=5"
    assert b"cache-control" not in dict(safety.added([], "/account", personal=True)), "pages say it themselves"
