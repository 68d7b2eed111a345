"""The OAuth endpoints speak as RFC 6749 and RFC 7009 say, errors included."""

import pytest

from tests.users.desk import Desk


async def token(desk: Desk, **fields: str) -> tuple[int, dict[str, object]]:
    answer = await desk.ask("POST", "/oauth/token", form=fields)
    assert answer.header("cache-control") == "no-store"
    return answer.status, answer.json()


async def test_a_refresh_token_is_exchanged_and_its_reuse_ends_the_family(desk: Desk) -> None:
    made = await desk.newcomer()
    status, pair = await token(desk, grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert status == 200
    assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (await desk.ask("GET", "/v1/me", token=str(pair["access_token"]))).status == 200
    for used in (made["refresh_token"], str(pair["refresh_token"])):
        status, refused = await token(desk, grant_type="refresh_token", refresh_token=used)
        assert (status, refused["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "rt_x"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "\x00\ud7ff"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_id": "evil"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_secret": "s"}, 401, "invalid_client"),
    ],
)
async def test_refusals_use_the_words_of_the_standard(
    desk: Desk, fields: dict[str, str], status: int, error: str
) -> None:
    given, refused = await token(desk, **fields)
    assert (given, refused["error"]) == (status, error)


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=refresh_token&grant_type=refresh_token&refresh_token=x",
        b"grant_type=%ff",
        b"\xff",
        b"&".join(b"f%d=1" % each for each in range(30)),
        b"",
    ],
)
async def test_a_form_that_cannot_be_read_is_an_invalid_request(desk: Desk, body: bytes) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/oauth/token", "/oauth/revoke"):
        answer = await desk.ask("POST", path, body, headers=form)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert (await desk.ask("POST", path, {"grant_type": "refresh_token"})).json()["error"] == "invalid_request"


async def test_revoking_ends_the_session_and_says_nothing_about_unknown_tokens(desk: Desk) -> None:
    made = await desk.newcomer()
    for given in (made["refresh_token"], made["refresh_token"], "rt_" + "A" * 43, "anything"):
        answer = await desk.ask("POST", "/oauth/revoke", form={"token": given, "token_type_hint": "refresh_token"})
        assert (answer.status, answer.body) == (200, b"")
    assert (await desk.refresh(made["refresh_token"])).json()["code"] == "refresh_token_invalid"
    assert await desk.facts(made["id"]) == ["UserRegistered", "SessionsEnded signed_out"]
    access = await desk.ask("POST", "/oauth/revoke", form={"token": made["access_token"]})
    assert (access.status, access.json()["error"]) == (400, "unsupported_token_type")
