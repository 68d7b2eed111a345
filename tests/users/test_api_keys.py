"""API keys: shown once, never more than their maker may, rotated with an overlap, ended at once; and told in facts."""

from typing import Any

import pytest

from banyan.contracts.users import AskApiKey
from banyan.foundation.api_keys import digest, looks_real
from banyan.kernel.clock import VirtualClock
from banyan.users.actions.api_keys import answer_api_key
from tests.users.desk import Desk


@pytest.fixture(scope="module")
async def keeper(desk: Desk) -> str:
    """The access token of an operator who has just signed in."""
    return str((await desk.operator())["access_token"])


async def made(desk: Desk, token: str, *scopes: str, key: str = "", **more: object) -> dict[str, Any]:
    body = {"name": "Scanner", "scopes": list(scopes or ("stock:read",)), **more}
    answer = await desk.ask("POST", "/v1/api-keys", body, token=token, key=key)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json()
    return found


async def holder(desk: Desk, key: str) -> Any:
    return (await answer_api_key(desk.ports, AskApiKey(digest=digest(key)))).holder


async def kept(desk: Desk) -> int:
    return int(await desk.ports.db.fetchval("SELECT count(*) FROM api_key"))


async def test_a_key_is_shown_once_and_only_its_digest_is_kept(desk: Desk, keeper: str) -> None:
    key = await made(desk, keeper, "stock:read", "stock:write")
    assert looks_real(key["key"])
    assert (key["state"], key["hint"], key["scopes"]) == ("active", key["key"][-4:], ["stock:read", "stock:write"])
    listed = await desk.ask("GET", "/v1/api-keys", token=keeper)
    assert key["id"] in [each["id"] for each in listed.json()["items"]]
    assert key["key"].encode() not in listed.body
    rows = await desk.ports.db.fetch(
        "SELECT k::text AS said FROM api_key AS k UNION ALL SELECT o::text FROM outbox AS o"
    )
    assert not [row for row in rows if key["key"] in row["said"]]


async def test_a_repeated_request_gives_the_same_key_again(desk: Desk, keeper: str) -> None:
    first = await made(desk, keeper, key="once")
    assert await made(desk, keeper, key="once") == first
    bodies = await desk.ports.db.fetch("SELECT body FROM idempotency WHERE body IS NOT NULL")
    assert not [row for row in bodies if first["key"].encode() in bytes(row["body"])]


async def test_a_key_may_do_no_more_than_its_maker_may_at_that_moment(desk: Desk, keeper: str) -> None:
    clerk = await desk.operator()
    key = (await made(desk, clerk["access_token"], "stock:write", "orders:read"))["key"]
    assert set((await holder(desk, key)).permissions) >= {"stock:write", "orders:read"}
    changed = await desk.ask("PUT", f"/v1/users/{clerk['user']['id']}/roles", {"roles": ["merchandiser"]}, token=keeper)
    assert changed.status == 200
    assert not {"stock:write", "orders:read"} & set((await holder(desk, key)).permissions)


@pytest.mark.parametrize("scope", ["users:write", "clients:write", "everything", "orders:own"])
async def test_what_no_key_may_do_cannot_be_asked_for(desk: Desk, keeper: str, scope: str) -> None:
    before = await kept(desk)
    answer = await desk.ask("POST", "/v1/api-keys", {"name": "x", "scopes": [scope]}, token=keeper)
    assert (answer.status, answer.json()["errors"][0]["code"]) == (422, "scope_beyond")
    assert await kept(desk) == before


async def test_a_rotated_key_works_beside_its_successor_for_the_overlap(timed: Desk, clock: VirtualClock) -> None:
    token = (await timed.operator())["access_token"]
    old = await made(timed, token, days=30)
    new = await timed.ask("POST", f"/v1/api-keys/{old['id']}/rotate", {"overlap": 60}, token=token)
    assert new.status == 201
    assert (new.json()["scopes"], new.json()["name"]) == (old["scopes"], old["name"])
    assert await holder(timed, old["key"])
    assert await holder(timed, new.json()["key"])
    again = await timed.ask("POST", f"/v1/api-keys/{old['id']}/rotate", {"overlap": 60}, token=token)
    assert again.json()["code"] == "key_ended"
    clock.advance(61)
    assert not await holder(timed, old["key"])
    assert await holder(timed, new.json()["key"])


async def test_a_key_ends_with_its_days(timed: Desk, clock: VirtualClock) -> None:
    key = (await made(timed, (await timed.operator())["access_token"], days=1))["key"]
    assert await holder(timed, key)
    clock.advance(86_401)
    assert not await holder(timed, key)


async def test_making_one_needs_a_sign_in_of_the_last_minutes(timed: Desk, clock: VirtualClock) -> None:
    operator = await timed.operator()
    clock.advance(700)
    token = (await timed.refresh(operator["refresh_token"])).json()["access_token"]
    answer = await timed.ask("POST", "/v1/api-keys", {"name": "x", "scopes": ["stock:read"]}, token=token)
    assert (answer.status, answer.json()["code"]) == (403, "sign_in_again")


async def test_a_revoked_key_works_no_more_and_who_ended_it_is_told(desk: Desk) -> None:
    operator = await desk.operator()
    key = await made(desk, operator["access_token"])
    for _ in range(2):
        gone = await desk.ask("DELETE", f"/v1/api-keys/{key['id']}", token=operator["access_token"])
        assert gone.status == 204
    assert not await holder(desk, key["key"])
    facts = [each for each in await desk.facts(operator["user"]["id"]) if each.startswith("ApiKey")]
    assert facts == ["ApiKeyMade", "ApiKeyRevoked"]


async def test_a_closed_account_has_no_keys_that_work(desk: Desk) -> None:
    operator = await desk.operator()
    key = (await made(desk, operator["access_token"]))["key"]
    await desk.ports.db.execute("UPDATE account SET status = 'closed' WHERE id = $1", operator["user"]["id"])
    assert not await holder(desk, key)


async def test_anothers_key_is_not_there_but_for_who_gives_roles(desk: Desk, keeper: str) -> None:
    clerk = await desk.operator()
    await desk.ask("PUT", f"/v1/users/{clerk['user']['id']}/roles", {"roles": ["support"]}, token=keeper)
    token = (await desk.redeem(await _link(desk, clerk["user"]["email"]))).json()["access_token"]
    key = await made(desk, keeper)
    assert (await desk.ask("GET", "/v1/api-keys", token=token)).json()["items"] == []
    for method, path in (("DELETE", key["id"]), ("POST", f"{key['id']}/rotate")):
        answer = await desk.ask(method, f"/v1/api-keys/{path}", {} if method == "POST" else None, token=token)
        assert answer.status == 404
    assert await holder(desk, key["key"])


async def test_use_is_noted_once_a_minute(timed: Desk, clock: VirtualClock) -> None:
    key = await made(timed, (await timed.operator())["access_token"])

    async def used() -> Any:
        return await timed.ports.db.fetchval("SELECT last_used_at FROM api_key WHERE id = $1", key["id"])

    assert await used() is None
    await holder(timed, key["key"])
    first = await used()
    clock.advance(30)
    await holder(timed, key["key"])
    assert await used() == first
    clock.advance(40)
    await holder(timed, key["key"])
    assert await used() > first


async def test_a_key_reaches_what_its_scopes_say_and_makes_no_keys(desk: Desk, keeper: str) -> None:
    key = (await made(desk, keeper, "users:read"))["key"]
    assert (await desk.ask("GET", "/v1/users", token=key)).status == 200
    narrow = (await made(desk, keeper, "stock:read"))["key"]
    for method, path, token in (
        ("GET", "/v1/users", narrow),
        ("GET", "/v1/api-keys", key),
        ("GET", "/v1/me", key),
        ("POST", "/v1/me/password", key),
    ):
        answer = await desk.ask(method, path, {} if method == "POST" else None, token=token)
        assert (answer.status, answer.json()["code"]) == (403, "insufficient_scope"), path


async def _link(desk: Desk, email: str) -> str:
    await desk.ask("POST", "/v1/sessions/magic-link", {"email": email})
    return await desk.link_to(email)
