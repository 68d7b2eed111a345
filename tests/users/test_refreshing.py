"""A refresh token works once. Its coming again ends the family, unless it is a retry that says so."""

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from banyan.kernel.clock import VirtualClock
from banyan.users.domain import tokens
from tests.users.desk import Desk


async def test_each_refresh_gives_the_next_pair(desk: Desk) -> None:
    made = await desk.newcomer()
    token, seen = made["refresh_token"], {made["refresh_token"]}
    for _ in range(3):
        answer = await desk.refresh(token)
        assert answer.status == 200
        assert answer.json()["session_id"] == made["session_id"]
        assert (await desk.ask("GET", "/v1/me", token=answer.json()["access_token"])).status == 200
        token = answer.json()["refresh_token"]
        assert token not in seen
        seen.add(token)


async def test_no_refresh_token_is_kept_as_it_is(desk: Desk) -> None:
    made = await desk.newcomer()
    following = (await desk.refresh(made["refresh_token"])).json()["refresh_token"]
    rows = await desk.ports.db.fetch("SELECT r::text AS row FROM refresh_token AS r")
    kept = " ".join(row["row"] for row in rows)
    for token in (made["refresh_token"], following):
        assert token not in kept
        assert token.removeprefix("rt_").encode().hex() not in kept
        assert tokens.digest(token).hex() in kept


async def test_a_used_token_that_comes_again_ends_the_family_for_thief_and_owner(desk: Desk) -> None:
    made = await desk.newcomer()
    other = (await desk.sign_in(made["email"])).json()
    following = (await desk.refresh(made["refresh_token"])).json()["refresh_token"]
    again = await desk.refresh(made["refresh_token"])
    assert (again.status, again.json()["code"]) == (401, "refresh_token_reused")
    assert (await desk.refresh(following)).json()["code"] == "refresh_token_invalid"
    assert (await desk.refresh(other["refresh_token"])).status == 200
    assert await desk.facts(made["id"]) == ["UserRegistered", "SessionsEnded refresh_token_reused"]


async def test_a_retry_with_its_key_gets_the_lost_token_again(desk: Desk) -> None:
    made = await desk.newcomer()
    first = await desk.refresh(made["refresh_token"], key="mine")
    again = await desk.refresh(made["refresh_token"], key="mine")
    assert (again.status, again.header("idempotent-replayed")) == (200, "true")
    assert again.json()["refresh_token"] == first.json()["refresh_token"]
    assert (await desk.refresh(first.json()["refresh_token"])).status == 200
    # Its successor is used: whoever comes with it now did not lose the answer.
    assert (await desk.refresh(made["refresh_token"], key="mine")).json()["code"] == "refresh_token_reused"


async def test_a_retry_with_another_key_or_too_late_is_a_reuse(timed: Desk, clock: VirtualClock) -> None:
    for key, seconds, code in [
        ("mine", 59.0, ""),
        ("yours", 0.0, "refresh_token_reused"),
        ("mine", 61.0, "refresh_token_reused"),
    ]:
        made = await timed.newcomer()
        await timed.refresh(made["refresh_token"], key="mine")
        clock.advance(seconds)
        again = await timed.refresh(made["refresh_token"], key=key)
        assert again.json().get("code", "") == code


async def test_of_many_at_once_one_is_served_and_the_family_ends(desk: Desk) -> None:
    made = await desk.newcomer()
    answers = await asyncio.gather(*(desk.refresh(made["refresh_token"]) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7
    [served] = [answer for answer in answers if answer.status == 200]
    assert (await desk.refresh(served.json()["refresh_token"])).status == 401


async def test_of_many_at_once_with_one_key_all_get_the_same_token(desk: Desk) -> None:
    made = await desk.newcomer()
    answers = await asyncio.gather(*(desk.refresh(made["refresh_token"], key="tabs") for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    [following] = {answer.json()["refresh_token"] for answer in answers}
    assert (await desk.refresh(following)).status == 200


async def test_a_session_ends_after_thirty_days_however_often_it_was_refreshed(
    timed: Desk, clock: VirtualClock
) -> None:
    token = (await timed.newcomer())["refresh_token"]
    for _ in range(29):
        clock.advance(86_400)
        answer = await timed.refresh(token)
        assert answer.status == 200
        token = answer.json()["refresh_token"]
    clock.advance(86_401)
    assert (await timed.refresh(token)).status == 401


async def test_what_is_no_refresh_token_is_refused_alike(desk: Desk) -> None:
    made = await desk.newcomer()
    for token in ("x", "rt_" + "A" * 43, "rt_" + "A" * 42 + "\n", made["access_token"][:200], "rt_ä", "rt_\x00"):
        answer = await desk.refresh(token)
        assert (answer.status, answer.json()["code"]) == (401, "refresh_token_invalid")


def test_a_successor_needs_both_the_token_and_the_seed() -> None:
    one, other = tokens.refresh_token(b"1" * 32), tokens.refresh_token(b"2" * 32)
    found = {tokens.successor(token, seed) for token in (one, other) for seed in (b"a" * 32, b"b" * 32)}
    assert len(found) == 4
    assert all(map(tokens.is_refresh, found))


async def test_any_order_of_use_retry_and_theft_keeps_to_the_model(timed: Desk, clock: VirtualClock) -> None:
    """The model: a list of tokens, the last one unused; anything but that one, or a retry of the one before, ends it."""
    loop = asyncio.get_running_loop()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    class Family(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.chain = [run(timed.newcomer())["refresh_token"]]
            self.keys: list[str] = []
            self.used_at = 0.0
            self.alive = True

        @rule(key=st.sampled_from(["", "a", "b"]))
        def use_the_last(self, key: str) -> None:
            answer = run(timed.refresh(self.chain[-1], key=key))
            assert answer.status == (200 if self.alive else 401)
            if self.alive:
                self.chain.append(answer.json()["refresh_token"])
                self.keys.append(key)
                self.used_at = clock.monotonic()

        @precondition(lambda self: len(self.chain) > 1)
        @rule(place=st.integers(0, 3), key=st.sampled_from(["", "a", "b"]))
        def repeat_an_older_one(self, place: int, key: str) -> None:
            at = max(0, len(self.chain) - 2 - place)
            answer = run(timed.refresh(self.chain[at], key=key))
            lost = at == len(self.chain) - 2 and clock.monotonic() - self.used_at < 60
            if self.alive and lost and key and key == self.keys[at]:
                assert answer.json()["refresh_token"] == self.chain[-1]
            else:
                assert answer.status == 401
                self.alive = False

        @rule(seconds=st.sampled_from([1, 30, 90]))
        def wait(self, seconds: int) -> None:
            clock.advance(seconds)

        @invariant()
        def holds(self) -> None:
            assert run(timed.broken()) == {}

    few = settings(max_examples=12, stateful_step_count=12, deadline=None, database=None)
    await asyncio.to_thread(run_state_machine_as_test, Family, settings=few)
