"""Addresses belong to one person; there is a default as soon as there is any, and never two."""

import asyncio
from typing import Any

import pytest
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

from tests.users.desk import Desk

HOME = {"name": "Ada", "line1": "12 Long Lane", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"}


async def add(desk: Desk, token: str, **other: object) -> dict[str, Any]:
    answer = await desk.ask("POST", "/v1/me/addresses", HOME | other, token=token)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json()
    return found


async def listed(desk: Desk, token: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await desk.ask("GET", "/v1/me/addresses?limit=100", token=token)).json()["items"]
    return items


async def test_an_address_is_added_once_per_key(desk: Desk) -> None:
    token = (await desk.newcomer())["access_token"]
    first = await desk.ask("POST", "/v1/me/addresses", HOME, token=token, key="home")
    again = await desk.ask("POST", "/v1/me/addresses", HOME, token=token, key="home")
    assert (first.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    assert [each["id"] for each in await listed(desk, token)] == [first.json()["id"]]


async def test_an_address_is_changed_as_far_as_it_is_sent(desk: Desk) -> None:
    token = (await desk.newcomer())["access_token"]
    made = await add(desk, token, phone="+44 113 496 0000")
    path = f"/v1/me/addresses/{made['id']}"
    read = await desk.ask("GET", path, token=token)
    changed = await desk.ask("PATCH", path, {"city": "York", "phone": ""}, token=token, match=read.header("etag") or "")
    assert changed.json() == made | {"city": "York", "phone": "", "version": 2}
    for match, status in (("", 428), ('"1"', 412), ('"2"', 200)):
        assert (await desk.ask("PATCH", path, {"city": "Hull"}, token=token, match=match)).status == status
    no_default = await desk.ask("PATCH", path, {"is_default": False}, token=token, match="*")
    assert (no_default.status, no_default.json()["code"]) == (409, "default_needed")


async def test_nobody_reaches_an_address_of_another(desk: Desk) -> None:
    made = await add(desk, (await desk.newcomer())["access_token"])
    path = f"/v1/me/addresses/{made['id']}"
    strangers = {"other": (await desk.newcomer())["access_token"], "operator": (await desk.operator())["access_token"]}
    for token in strangers.values():
        assert (await desk.ask("GET", path, token=token)).status == 404
        assert (await desk.ask("PATCH", path, {"city": "X"}, token=token, match="*")).status == 404
        assert (await desk.ask("DELETE", path, token=token)).status == 404
    for method in ("GET", "PATCH", "DELETE"):
        assert (await desk.ask(method, path, {} if method == "PATCH" else None)).status == 401


async def test_fifty_are_enough_also_when_asked_for_at_once(desk: Desk) -> None:
    token = (await desk.newcomer())["access_token"]
    for _ in range(46):
        await add(desk, token)
    answers = await asyncio.gather(
        *(desk.ask("POST", "/v1/me/addresses", HOME | {"is_default": True}, token=token) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [201] * 4 + [409] * 4
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"too_many_addresses"}
    found = await listed(desk, token)
    assert (len(found), sum(each["is_default"] for each in found)) == (50, 1)
    page = (await desk.ask("GET", "/v1/me/addresses", token=token)).json()
    following = await desk.ask("GET", f"/v1/me/addresses?cursor={page['next_cursor']}", token=token)
    assert [each["id"] for each in page["items"] + following.json()["items"]] == [each["id"] for each in found[:40]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "XX"},
        {"country": "gb"},
        {"country": "GBR"},
        {"postal_code": ""},
        {"postal_code": "x" * 13},
        {"postal_code": "LS1\n4AP"},
        {"postal_code": "१२३"},
        {"name": ""},
        {"name": "   "},
        {"line1": "x" * 101},
        {"line1": "a\x00b"},
        {"line2": "a\u2028b"},
        {"city": "a\u202eb"},
        {"city": None},
        {"phone": "call me"},
        {"is_default": "yes"},
        {"id": "adr_1"},
        {"user_id": "usr_1"},
    ],
)
async def test_an_address_nothing_can_be_sent_to_is_refused(desk: Desk, wrong: dict[str, object]) -> None:
    token = (await desk.newcomer())["access_token"]
    answer = await desk.ask("POST", "/v1/me/addresses", HOME | wrong, token=token)
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{next(iter(wrong))}"
    assert await listed(desk, token) == []


async def test_where_the_post_has_no_codes_none_is_needed(desk: Desk) -> None:
    token = (await desk.newcomer())["access_token"]
    made = await add(desk, token, country="HK", postal_code="")
    moved = await desk.ask("PATCH", f"/v1/me/addresses/{made['id']}", {"country": "DE"}, token=token, match="*")
    assert (moved.status, moved.json()["errors"][0]["code"]) == (422, "postal_code_missing")


async def test_any_order_of_changes_leaves_one_default(desk: Desk) -> None:
    """The model: ids in the order they were added, and which is the default."""
    loop = asyncio.get_running_loop()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    class Book(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.token = run(desk.newcomer())["access_token"]
            self.ids: list[str] = []
            self.default = ""

        @rule(default=st.booleans())
        def add(self, default: bool) -> None:
            self.ids.append(run(add(desk, self.token, is_default=default))["id"])
            if default or len(self.ids) == 1:
                self.default = self.ids[-1]

        @precondition(lambda self: self.ids)
        @rule(place=st.integers(0, 9), default=st.booleans())
        def change(self, place: int, default: bool) -> None:
            chosen = self.ids[place % len(self.ids)]
            body = {"line2": "2nd floor", "is_default": default or chosen == self.default}
            answer = run(desk.ask("PATCH", f"/v1/me/addresses/{chosen}", body, token=self.token, match="*"))
            assert answer.status == 200
            self.default = chosen if default else self.default

        @precondition(lambda self: self.ids)
        @rule(place=st.integers(0, 9))
        def remove(self, place: int) -> None:
            chosen = self.ids.pop(place % len(self.ids))
            assert run(desk.ask("DELETE", f"/v1/me/addresses/{chosen}", token=self.token)).status == 204
            if chosen == self.default:
                self.default = self.ids[-1] if self.ids else ""

        @invariant()
        def one_default(self) -> None:
            found = run(listed(desk, self.token))
            assert sorted(each["id"] for each in found) == sorted(self.ids)
            assert [each["id"] for each in found if each["is_default"]] == ([self.default] if self.default else [])

    few = settings(max_examples=10, stateful_step_count=12, deadline=None, database=None)
    await asyncio.to_thread(run_state_machine_as_test, Book, settings=few)
