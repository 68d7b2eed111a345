"""Coming in and going out: one answer for every wrong pair, and an end that holds."""

import asyncio

from tests.users.desk import PASSWORD, Desk, fresh_email


async def test_signing_in_gives_tokens_and_says_who(desk: Desk) -> None:
    made = await desk.newcomer()
    answer = await desk.sign_in(made["email"].upper(), headers={"user-agent": "Netscape\x07 4"})
    assert answer.status == 201
    assert answer.header("cache-control") == "no-store"
    signed_in = answer.json()
    tokens = {"access_token", "token_type", "expires_in", "refresh_token", "session_id"}
    assert set(signed_in) == tokens | {"user", "factor_needed"}
    assert (signed_in["token_type"], signed_in["expires_in"]) == ("Bearer", 600)
    assert signed_in["user"]["id"] == made["id"]
    listed = (await desk.ask("GET", "/v1/me/sessions", token=signed_in["access_token"])).json()["items"]
    assert [(each["id"], each["current"], each["user_agent"]) for each in listed] == [
        (signed_in["session_id"], True, "Netscape 4"),
        (made["session_id"], False, ""),
    ]


async def test_nothing_tells_an_unknown_address_from_a_wrong_password(desk: Desk) -> None:
    made = await desk.newcomer()
    operator = await desk.operator()  # has no password at all
    answers = [
        await desk.sign_in(email, typed)
        for email, typed in [
            (made["email"], "another long password"),
            (fresh_email("nobody"), PASSWORD),
            (operator["user"]["email"], PASSWORD),
        ]
    ]
    assert [(answer.status, answer.json()["code"]) for answer in answers] == [(401, "wrong_credentials")] * 3
    bodies = [{name: value for name, value in answer.json().items() if name != "trace_id"} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [set(dict(answer.headers)) for answer in answers] == [set(dict(answers[0].headers))] * 3


async def test_a_repeated_sign_in_begins_one_session_and_keeps_nothing_to_guess_the_password_with(desk: Desk) -> None:
    made = await desk.newcomer()
    first, again = [await desk.sign_in(made["email"], key="sign-in") for _ in range(2)]
    assert (again.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    assert (await desk.sign_in(made["email"], "another long password", key="sign-in")).status == 401
    live = await desk.ports.db.fetchval("SELECT count(*) FROM session WHERE account_id = $1", made["id"])
    assert live == 2  # signed up, signed in


async def test_signing_out_ends_the_session_and_only_it(desk: Desk) -> None:
    made = await desk.newcomer()
    here = (await desk.sign_in(made["email"])).json()
    for _ in range(2):
        assert (await desk.ask("DELETE", "/v1/sessions/current", token=here["access_token"])).status == 204
    assert (await desk.refresh(here["refresh_token"])).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    assert await desk.facts(made["id"]) == ["UserRegistered", "SessionsEnded signed_out"]


async def test_a_session_elsewhere_is_ended_by_its_owner_and_by_nobody_else(desk: Desk) -> None:
    made, other = await desk.newcomer(), await desk.newcomer()
    there = f"/v1/me/sessions/{made['session_id']}"
    here = (await desk.sign_in(made["email"])).json()["access_token"]
    assert (await desk.ask("DELETE", there, token=other["access_token"])).status == 404
    assert (await desk.ask("DELETE", there)).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    assert (await desk.ask("DELETE", there, token=here)).status == 204
    assert (await desk.ask("DELETE", there, token=here)).status == 404
    for malformed in ("ses_1", "usr_x", "%00", "..", "a" * 500):
        assert (await desk.ask("DELETE", f"/v1/me/sessions/{malformed}", token=here)).status in (404, 422)


async def test_sessions_come_in_pages(desk: Desk) -> None:
    made = await desk.newcomer()
    for _ in range(4):
        await desk.sign_in(made["email"])
    seen, cursor = [], ""
    while True:
        page = (await desk.ask("GET", f"/v1/me/sessions?limit=2{cursor}", token=made["access_token"])).json()
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    wrong = await desk.ask("GET", "/v1/me/sessions?cursor=WzFd", token=made["access_token"])
    assert (wrong.status, wrong.json()["code"]) == (400, "cursor_malformed")


async def test_a_sign_in_that_meets_a_change_of_password_leaves_no_session_behind(desk: Desk) -> None:
    made = await desk.newcomer()
    change = {"current": PASSWORD, "new": "another walk by the sea"}
    answers = await asyncio.gather(
        desk.ask("POST", "/v1/me/password", change, token=made["access_token"]),
        *(desk.sign_in(made["email"]) for _ in range(6)),
    )
    assert answers[0].status == 204
    live = await desk.ports.db.fetch("SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL", made["id"])
    assert [row["id"] for row in live] == [made["session_id"]]
    for answer in answers[1:]:
        assert answer.status in (201, 401, 429)
