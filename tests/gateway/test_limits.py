"""Quotas hold per caller and window; when nobody can count, shoppers browse on and nobody guesses passwords."""

import pytest

from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.cache.memory import MemoryCache
from banyan.gateway import limits
from banyan.gateway.limits import (
    CARTS,
    CHECKOUT,
    MAIL,
    QUERIES,
    READS,
    SIGN_IN,
    SIGN_UP,
    WEBHOOKS,
    WRITES,
    Limits,
    Quota,
    address_of,
    max_body,
    quotas_of,
)
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import TooMany, Unavailable

FAR = "203.0.113.9"
ANN = Principal(user_id="usr_ann")


def cart(number: int) -> Principal:
    return Principal(cart_token=f"ct_{number:024}")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def door(clock: VirtualClock) -> Limits:
    return Limits(MemoryCache(clock), MemoryCache(clock))


async def ask(door: Limits, method: str, path: str, who: Principal, address: str, times: int = 1) -> int:
    """How many of so many requests are let in."""
    let_in = 0
    for _ in range(times):
        try:
            limits.refuse(await door.admit(method, path, who, address))
            let_in += 1
        except TooMany:
            pass
    return let_in


@pytest.mark.parametrize(
    ("method", "path", "quota"),
    [
        *(("GET", "/v1/products", READS), ("HEAD", "/v1/carts", READS), ("OPTIONS", "/v1/sessions", READS)),
        *(
            ("POST", "/v1/sessions", SIGN_IN),
            ("POST", "/v1/sessions/refresh", SIGN_IN),
            ("POST", "/oauth/token", SIGN_IN),
        ),
        *(("POST", "/v1/users", SIGN_UP), ("POST", "/v1/sessions/magic-link", MAIL)),
        *(
            ("POST", "/v1/carts", CARTS),
            ("POST", "/v1/carts/crt_1/lines", WRITES),
            ("PUT", "/v1/carts/crt_1/delivery", WRITES),
        ),
        *(("POST", "/v1/carts/crt_1/checkout", CHECKOUT), ("POST", "/v1/orders/one-click", CHECKOUT)),
        *(("POST", "/webhooks/stripe", WEBHOOKS), ("POST", "/graphql", QUERIES), ("DELETE", "/v1/me", WRITES)),
        *(
            ("POST", "/console/sign-in", SIGN_IN),
            ("POST", "/sign-in/link", MAIL),
            ("POST", "/checkout/place", CHECKOUT),
            ("POST", "/buy-now", CHECKOUT),
        ),
        *(("POST", "/sign-in", SIGN_IN), ("POST", "/sign-up", SIGN_UP), ("PUT", "/v1/users/usr_1/roles", WRITES)),
    ],
)
def test_every_request_counts_towards_its_class(method: str, path: str, quota: Quota) -> None:
    assert quotas_of(method, path)[0] is quota


async def test_a_caller_is_refused_beyond_the_quota_and_let_in_when_the_window_is_over(
    door: Limits, clock: VirtualClock
) -> None:
    path = "/v1/carts/crt_1/checkout"
    assert await ask(door, "POST", path, ANN, FAR, CHECKOUT.allowed + 5) == CHECKOUT.allowed
    with pytest.raises(TooMany) as refused:
        limits.refuse(await door.admit("POST", path, ANN, FAR))
    assert 0 < (refused.value.retry_after or 0) <= CHECKOUT.seconds + 1
    assert await ask(door, "POST", path, cart(1), FAR) == 1, "others are not held up"
    clock.advance(CHECKOUT.seconds)
    assert await ask(door, "POST", path, ANN, FAR) == 1


async def test_thousands_of_guests_at_one_address_of_this_machine_are_not_held_up(door: Limits) -> None:
    assert await ask(door, "GET", "/v1/stock/x", GUEST, "127.0.0.1", READS.allowed + 100) == READS.allowed + 100
    assert await ask(door, "POST", "/v1/carts", GUEST, "::1", CARTS.allowed + 100) == CARTS.allowed + 100
    for number in range(1000):
        assert await ask(door, "POST", "/v1/carts/crt_1/checkout", cart(number), "127.0.0.1") == 1
    assert await ask(door, "GET", "/v1/stock/x", GUEST, FAR, READS.allowed + 100) == READS.allowed


async def test_made_up_cart_tokens_do_not_carry_one_address_past_its_own_quota(door: Limits) -> None:
    let_in = 0
    for number in range(limits.CHECKOUT_ANYWHERE.allowed + 50):
        let_in += await ask(door, "POST", "/v1/carts/crt_1/checkout", cart(number), FAR)
    assert let_in == limits.CHECKOUT_ANYWHERE.allowed


async def test_guessing_passwords_runs_out_and_signing_in_does_not(door: Limits) -> None:
    for _ in range(SIGN_IN.allowed * 3):
        standings = await door.admit("POST", "/v1/sessions", GUEST, "127.0.0.1")
        limits.refuse(standings)
        await door.give_back(standings)  # it was the right password
    assert await ask(door, "POST", "/v1/sessions", GUEST, "127.0.0.1", 100) == SIGN_IN.allowed
    assert await ask(door, "POST", "/v1/sessions", ANN, "127.0.0.1") == 0, "a token does not make a new guesser"


async def test_an_ipv6_subscriber_counts_as_one(door: Limits) -> None:
    for host in range(SIGN_IN.allowed):
        assert await ask(door, "POST", "/v1/sessions", GUEST, f"2001:db8:1:2::{host:x}") == 1
    assert await ask(door, "POST", "/v1/sessions", GUEST, "2001:db8:1:2:ffff::1") == 0
    assert await ask(door, "POST", "/v1/sessions", GUEST, "2001:db8:1:3::1") == 1


class Broken(MemoryCache):
    async def count(self, key: str, *, window: float, cost: int = 1, surely: bool = False) -> tuple[int, float]:
        raise ConnectionError("nobody counts")


async def test_without_counters_shoppers_go_on_and_nobody_signs_in(clock: VirtualClock) -> None:
    door = Limits(Broken(clock), MemoryCache(clock))
    assert await ask(door, "GET", "/v1/products", GUEST, FAR, 10) == 10
    assert await ask(door, "POST", "/v1/carts/crt_1/checkout", ANN, FAR, 100) == CHECKOUT.allowed, (
        "counted here meanwhile"
    )
    for path in ("/v1/sessions", "/v1/users", "/v1/sessions/magic-link"):
        with pytest.raises(Unavailable):
            await door.admit("POST", path, GUEST, FAR)
    await door.give_back([limits.Standing(SIGN_IN, "limit:sign-in:x", 1, 1.0)])


async def test_the_headers_say_what_is_allowed_and_what_is_left(door: Limits) -> None:
    await ask(door, "POST", "/v1/carts/crt_1/checkout", ANN, FAR, 2)
    standings = await door.admit("POST", "/v1/carts/crt_1/checkout", ANN, FAR)
    assert limits.policy(each.quota for each in standings) == b'"checkout";q=60;w=60, "checkout-address";q=600;w=60'
    assert limits.left(standings) == b'"checkout";r=57;t=60, "checkout-address";r=597;t=60'
    uncounted = [await door.admit("GET", "/v1/stock/x", GUEST, "127.0.0.1") for _ in range(3)]
    assert limits.left(uncounted[-1]) == b'"reads";r=6000;t=60'


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("10.0.0.1", "6.6.6.6", 0, "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.7", 2, "203.0.113.9"),
        ("10.0.0.1", "", 1, "10.0.0.1"),
        ("10.0.0.1", "unknown", 1, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", 2, "10.0.0.1"),
        ("::ffff:127.0.0.1", "", 0, "127.0.0.1"),
        ("fe80::1%eth0", "", 0, "fe80::1"),
        ("", "6.6.6.6", 0, ""),
        ("unix:", "", 0, ""),
    ],
)
def test_an_address_is_what_our_own_proxies_saw(peer: str, forwarded: str, proxies: int, address: str) -> None:
    assert address_of(peer, forwarded, proxies) == address


def test_pictures_may_be_larger_than_other_bodies() -> None:
    assert max_body("POST", "/v1/products/prd_1/media") == 5_000_000
    for method, path in (
        ("POST", "/v1/products"),
        ("PUT", "/v1/products/prd_1/media"),
        ("POST", "/v1/products/a/b/media"),
    ):
        assert max_body(method, path) == 1_000_000
