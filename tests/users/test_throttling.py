"""Who fails too often waits, longer each time and never for ever; an unknown address waits like a known one."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.clock import VirtualClock
from banyan.users.domain import limits
from tests.users.desk import PASSWORD, Desk, fresh_email

LIMITS = [limits.PASSWORD, limits.PASSWORD_NETWORK, limits.TAKEN_NETWORK, limits.LINK, limits.LINK_NETWORK]


async def test_after_five_failures_an_account_waits_longer_each_time(timed: Desk, clock: VirtualClock) -> None:
    made = await timed.newcomer()
    for email in (made["email"], fresh_email("nobody")):
        waits = []
        for _ in range(5):
            assert (await timed.sign_in(email, "a wrong password")).status == 401
        for _ in range(9):
            blocked = await timed.sign_in(email)
            assert (blocked.status, blocked.json()["code"]) == (429, "too_many_requests")
            waits.append(int(blocked.header("retry-after") or 0))
            clock.advance(waits[-1])
            assert (await timed.sign_in(email, "a wrong password")).status == 401
        assert waits == [16, 31, 61, 121, 241, 481, 901, 901, 901]
        clock.advance(901)
    assert (await timed.sign_in(made["email"])).status == 201
    for _ in range(4):
        assert (await timed.sign_in(made["email"], "a wrong password")).status == 401
    assert (await timed.sign_in(made["email"])).status == 201


async def test_being_refused_counts_for_nothing(timed: Desk, clock: VirtualClock) -> None:
    made = await timed.newcomer()
    for _ in range(5):
        await timed.sign_in(made["email"], "a wrong password")
    for _ in range(20):
        assert (await timed.sign_in(made["email"], "a wrong password")).status == 429
    clock.advance(16)
    assert (await timed.sign_in(made["email"])).status == 201


async def test_guesses_fired_all_at_once_learn_no_more_than_a_few_answers(timed: Desk) -> None:
    made = await timed.newcomer()
    answers = await asyncio.gather(
        *(timed.sign_in(made["email"], f"a wrong password {each}") for each in range(30)), timed.sign_in(made["email"])
    )
    assert sum(answer.status == 401 for answer in answers) == 5
    assert {answer.status for answer in answers} == {401, 429}


async def test_a_network_that_tries_many_accounts_waits_and_others_do_not(timed: Desk, clock: VirtualClock) -> None:
    made = await timed.newcomer()
    for place in range(50):
        answer = await timed.sign_in(fresh_email("victim"), "a wrong password", network=f"203.0.113.{place}")
        assert answer.status == 401
    assert (await timed.sign_in(made["email"], network="203.0.113.77")).status == 429
    assert (await timed.sign_in(made["email"], network="203.0.114.77")).status == 201
    assert (await timed.sign_in(made["email"])).status == 201
    clock.advance(12)
    assert (await timed.sign_in(made["email"], network="203.0.113.77")).status == 201


async def test_a_network_may_ask_only_so_often_which_addresses_are_taken(timed: Desk) -> None:
    made = await timed.newcomer()
    form = {"email": made["email"], "password": PASSWORD, "name": ""}
    answers = [await timed.ask("POST", "/v1/users", form, network="2001:db8::1") for _ in range(21)]
    assert [answer.status for answer in answers] == [409] * 20 + [429]
    assert (await timed.ask("POST", "/v1/users", form, network="2001:db8:0:1::1")).status == 409


async def test_a_wrong_current_password_counts_as_a_failed_sign_in(timed: Desk) -> None:
    made = await timed.newcomer()
    change = {"current": "a wrong password", "new": "another walk by the sea"}
    answers = [
        await timed.ask("POST", "/v1/me/password", change, token=made["access_token"], network="198.51.100.1")
        for _ in range(6)
    ]
    assert [(answer.status, answer.json()["code"]) for answer in answers] == [(403, "wrong_password")] * 5 + [
        (429, "too_many_requests")
    ]
    assert (await timed.sign_in(made["email"])).status == 429


@given(st.sampled_from(LIMITS), st.floats(0, 10_000), st.floats(0, 10_000))
def test_a_fuller_bucket_never_waits_less_and_never_for_ever(limit: limits.Limit, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= limit.wait(low) <= limit.wait(high) <= limit.longest <= 3600
    assert limit.wait(limit.free - 1) == 0 < limit.wait(limit.free)


def test_a_network_is_what_one_subscriber_hops_around_in() -> None:
    assert limits.network("203.0.113.9") == limits.network("::ffff:203.0.113.200") == "203.0.113.0/24"
    assert limits.network(" 2001:db8::9 ") == limits.network("2001:db8::ffff:1") == "2001:db8::/64"
    assert [limits.network(text) for text in ("", "x", "1.2.3", "1.2.3.4, 5.6.7.8", "\x00")] == [None] * 5
