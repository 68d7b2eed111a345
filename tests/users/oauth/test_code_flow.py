"""The authorization code flow from end to end: asked, agreed to, exchanged, refreshed, taken back."""

import asyncio
import base64
from hashlib import sha256

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from banyan.users.domain.oauth import challenge_of
from tests.users.desk import Desk, fresh_email
from tests.users.oauth.application import BACK, VERIFIER, Application, claims_of, told


async def test_a_shopper_agrees_and_the_application_learns_who_it_is(
    desk: Desk, app: Application, shopper: dict[str, str]
) -> None:
    origin, scope = desk.shop.settings.origin, "openid profile email"
    asked = await app.authorize(shopper["access_token"], scope=scope)
    assert asked.json()["outcome"] == "consent"
    assert asked.json()["client"] == {"id": app.id, "name": "Parcel Watch"}
    assert [each["scope"] for each in asked.json()["scopes"]] == ["openid", "profile", "email"]

    back = await app.allowed(shopper["access_token"], scope=scope)
    assert back == {"code": back["code"], "state": "the state", "iss": origin}
    answer = await app.exchange(back["code"])
    assert (answer.status, answer.header("cache-control"), answer.header("pragma")) == (200, "no-store", "no-cache")
    got = answer.json()
    assert set(got) == {"access_token", "token_type", "expires_in", "scope", "id_token"}  # offline was not asked for

    keys = KeySet.import_key_set((await desk.ask("GET", "/.well-known/jwks.json")).json())
    signed = jws.deserialize_compact(got["id_token"], keys, algorithms=["RS256"])
    assert signed.headers()["typ"] == "JWT"
    said = claims_of(got["id_token"])
    assert (said["iss"], said["aud"], said["azp"], said["sub"]) == (origin, app.id, app.id, shopper["id"])
    assert (said["nonce"], said["amr"]) == ("the nonce", ["pwd"])
    assert said["exp"] - said["iat"] == desk.shop.settings.access_token_seconds
    assert abs(said["iat"] - said["auth_time"]) < 60
    half = base64.urlsafe_b64encode(sha256(got["access_token"].encode()).digest()[:16]).decode().rstrip("=")
    assert said["at_hash"] == half

    access = claims_of(got["access_token"])
    assert (access["aud"], access["client_id"], access["permissions"]) == ("banyan", app.id, [])
    assert access["scope"] == "email openid profile"
    info = (await desk.ask("GET", "/oauth/userinfo", token=got["access_token"])).json()
    assert info == {"sub": shopper["id"], "name": "Ada", "email": shopper["email"], "email_verified": False}


async def test_consent_is_remembered_for_what_was_agreed_to_and_asked_for_more(desk: Desk, app: Application) -> None:
    token = (await desk.newcomer())["access_token"]
    await app.allowed(token, scope="openid profile")
    again = await app.authorize(token, scope="profile")
    assert again.json()["outcome"] == "go"
    for more in ({"scope": "openid email"}, {"scope": "openid", "prompt": "consent"}):
        assert (await app.authorize(token, **more)).json()["outcome"] == "consent"
    kept = (await desk.ask("GET", "/v1/me/consents", token=token)).json()["items"]
    assert [(each["client"]["id"], [s["scope"] for s in each["scopes"]]) for each in kept] == [
        (app.id, ["openid", "profile"])
    ]


async def test_the_shop_s_own_application_asks_nothing_and_one_that_anybody_can_play_asks_always(desk: Desk) -> None:
    token = (await desk.newcomer())["access_token"]
    own = await Application.registered(desk, "Shop app", first_party=True)
    assert (await own.authorize(token)).json()["outcome"] == "go"
    played = await Application.registered(
        desk, "CLI", first_party=True, confidential=False, redirect_uris=["http://127.0.0.1/back"]
    )
    for _ in range(2):
        assert (await played.authorize(token)).json()["outcome"] == "consent"
        await played.allowed(token, redirect_uri="http://127.0.0.1:53211/back")


async def test_a_no_is_told_to_the_application(app: Application, shopper: dict[str, str]) -> None:
    answer = await app.authorize(shopper["access_token"], "deny", scope="openid account:write")
    back = told(answer.json()["to"])
    assert (back["error"], back["state"]) == ("access_denied", "the state")
    assert "code" not in back


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"prompt": "login"}, "sign_in"),
        ({"prompt": "select_account"}, "sign_in"),
        ({"max_age": "0"}, "sign_in"),
        ({"max_age": "100000"}, "consent"),
        ({"prompt": "none"}, "go"),
    ],
)
async def test_prompts_and_max_age_ask_for_what_they_say(
    desk: Desk, app: Application, given: dict[str, str], outcome: str
) -> None:
    made = await desk.newcomer()
    answer = (await app.authorize(made["access_token"], **given)).json()
    assert answer["outcome"] == outcome
    if given == {"prompt": "none"}:
        assert told(answer["to"])["error"] == "consent_required"
        assert told((await app.authorize("", **given)).json()["to"])["error"] == "login_required"
    if outcome == "sign_in":
        assert answer["again"] is True
        stale = (await app.authorize(made["access_token"], query=answer["to"])).json()["outcome"]
        new = (await desk.sign_in(made["email"])).json()["access_token"]
        assert (await app.authorize(new, query=answer["to"])).json()["outcome"] == "consent"
        assert stale in ("sign_in", "consent")  # consent only where both happened in one second


async def test_a_guest_is_asked_to_sign_in_first(app: Application) -> None:
    answer = (await app.authorize("")).json()
    assert (answer["outcome"], answer["again"]) == ("sign_in", False)
    assert answer["to"].startswith(app.query())


async def test_an_old_session_is_not_new_enough_and_a_fresh_one_is(timed: Desk) -> None:
    clock = timed.ports.clock
    app = await Application.registered(timed)
    made = await timed.newcomer()
    clock.advance(500)  # type: ignore[attr-defined]
    assert (await app.authorize(made["access_token"], max_age="600")).json()["outcome"] == "consent"
    asked = (await app.authorize(made["access_token"], max_age="400")).json()
    assert asked["outcome"] == "sign_in"
    clock.advance(2)  # type: ignore[attr-defined]
    login = (await app.authorize(made["access_token"], prompt="login")).json()["to"]
    assert (await app.authorize(made["access_token"], query=login)).json()["outcome"] == "sign_in"
    fresh = (await timed.sign_in(made["email"])).json()["access_token"]
    for query in (asked["to"], login):
        assert (await app.authorize(fresh, query=query)).json()["outcome"] == "consent"


async def test_a_code_lives_for_a_minute(timed: Desk) -> None:
    app = await Application.registered(timed)
    made = await timed.newcomer()
    young, old = await app.code(made["access_token"]), await app.code(made["access_token"])
    timed.ports.clock.advance(59)  # type: ignore[attr-defined]
    assert (await app.exchange(young)).status == 200
    timed.ports.clock.advance(2)  # type: ignore[attr-defined]
    assert (await app.exchange(old)).json()["error"] == "invalid_grant"


async def test_a_code_that_comes_again_ends_what_came_of_it(desk: Desk, app: Application) -> None:
    made = await desk.newcomer()
    code = await app.code(made["access_token"], scope="openid offline_access")
    got = (await app.exchange(code)).json()
    assert (await app.introspect(got["access_token"]))["active"] is True
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"
    assert (await app.refresh(got["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await app.introspect(got["access_token"])) == {"active": False}
    assert (await desk.ask("GET", "/oauth/userinfo", token=got["access_token"])).status == 401
    assert "SessionsEnded authorization_code_reused" in await desk.facts(made["id"])
    assert (await desk.refresh(made["refresh_token"])).status == 200  # the shopper's own session goes on


async def test_of_many_who_come_with_one_code_at_once_one_at_most_is_served_and_nothing_of_it_lives(
    desk: Desk, app: Application
) -> None:
    made = await desk.newcomer()
    code = await app.code(made["access_token"], scope="openid offline_access")
    answers = await asyncio.gather(*(app.exchange(code) for _ in range(5)))
    served = [each for each in answers if each.status == 200]
    assert len(served) == 1
    assert (await app.refresh(served[0].json()["refresh_token"])).status == 400


async def test_refresh_tokens_rotate_for_their_client_and_their_reuse_ends_the_family(
    desk: Desk, app: Application
) -> None:
    made = await desk.newcomer()
    first = (await app.tokens(made["access_token"], scope="openid profile offline_access"))["refresh_token"]
    second = (await app.refresh(first)).json()
    assert second["scope"] == "offline_access openid profile"
    less = (await app.refresh(second["refresh_token"], scope="openid")).json()
    assert claims_of(less["access_token"])["scope"] == "openid"
    all_again = (await app.refresh(less["refresh_token"])).json()
    assert all_again["scope"] == "offline_access openid profile"
    for used in (first, all_again["refresh_token"]):
        assert (await app.refresh(used)).json()["error"] == "invalid_grant"


async def test_a_code_is_worth_nothing_once_the_shopper_signed_out_or_changed_what_it_rests_on(
    desk: Desk, app: Application
) -> None:
    made = await desk.newcomer()
    code = await app.code(made["access_token"])
    await desk.ask("DELETE", "/v1/sessions/current", token=made["access_token"])
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"
    assert (await app.authorize(made["access_token"], "allow")).json()["outcome"] == "sign_in"

    other = await desk.newcomer()
    code = await app.code(other["access_token"])
    async with desk.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET epoch = epoch + 1 WHERE id = $1", other["id"])
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"


async def test_consent_taken_back_ends_the_application_s_sessions_and_its_codes(desk: Desk, app: Application) -> None:
    made = await desk.newcomer()
    token = made["access_token"]
    got = await app.tokens(token, scope="openid offline_access")
    waiting = await app.code(token, scope="openid offline_access")
    [listed] = [
        each for each in (await desk.ask("GET", "/v1/me/sessions", token=token)).json()["items"] if each["client"]
    ]
    assert (listed["client"], listed["method"]) == ({"id": app.id, "name": "Parcel Watch"}, "oauth")
    assert (await desk.ask("DELETE", f"/v1/me/consents/{app.id}", token=token)).status == 204
    assert (await app.refresh(got["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await app.exchange(waiting)).json()["error"] == "invalid_grant"
    assert (await app.authorize(token, scope="openid")).json()["outcome"] == "consent"
    assert (await desk.ask("DELETE", f"/v1/me/consents/{app.id}", token=token)).status == 404
    assert await desk.facts(made["id"]) == ["UserRegistered", "SessionsEnded consent_withdrawn"]


async def test_signing_out_everywhere_else_ends_other_devices_and_applications(desk: Desk, app: Application) -> None:
    made = await desk.newcomer()
    got = await app.tokens(made["access_token"], scope="openid offline_access")
    there = (await desk.sign_in(made["email"])).json()
    assert (await desk.ask("DELETE", "/v1/me/sessions", token=made["access_token"])).status == 204
    assert (await app.refresh(got["refresh_token"])).status == 400
    assert (await desk.refresh(there["refresh_token"])).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    left = (await desk.ask("GET", "/v1/me/sessions", token=made["access_token"])).json()["items"]
    assert [each["current"] for each in left] == [True]


async def test_an_application_may_no_more_than_its_scopes_and_no_more_than_the_shopper(
    desk: Desk, app: Application
) -> None:
    plain = await desk.newcomer()
    got = await app.tokens(plain["access_token"], scope="openid catalog:write")
    assert got["scope"] == "openid"  # the shopper has no such permission to give
    assert (await desk.ask("GET", "/v1/me", token=got["access_token"])).json()["code"] == "insufficient_scope"
    wide = await app.tokens(plain["access_token"], scope="openid account:write")
    assert (await desk.ask("GET", "/v1/me", token=wide["access_token"])).status == 200
    for path in ("/v1/me/addresses", "/v1/me/sessions", "/v1/users"):
        assert (await desk.ask("GET", path, token=wide["access_token"])).status == 403, path

    operator = await desk.operator()
    got = await app.tokens(operator["access_token"], scope="openid catalog:write")
    assert claims_of(got["access_token"])["permissions"] == ["catalog:write"]
    assert (await desk.ask("GET", "/v1/users", token=got["access_token"])).status == 403
    alone = await app.authorize(plain["access_token"], "allow", scope="catalog:write")
    assert told(alone.json()["to"])["error"] == "access_denied"


async def test_permissions_that_a_user_lost_are_gone_with_the_next_token(desk: Desk, app: Application) -> None:
    chief, keeper = await desk.operator(), await desk.operator(fresh_email("keeper"))
    got = await app.tokens(keeper["access_token"], scope="openid catalog:write offline_access")
    async with desk.ports.db.transaction() as tx:  # without ending sessions, as roles that change do
        await tx.execute("UPDATE account SET roles = '{stock_keeper}' WHERE id = $1", keeper["user"]["id"])
    later = (await app.refresh(got["refresh_token"])).json()
    assert claims_of(later["access_token"])["permissions"] == []
    assert chief["user"]["roles"] == ["operator"]


async def test_a_public_application_needs_its_verifier_alone(desk: Desk, public: Application) -> None:
    made = await desk.newcomer()
    got = await public.tokens(made["access_token"], scope="openid offline_access")
    again = await public.refresh(got["refresh_token"])
    assert again.status == 200
    revoked = await desk.ask(
        "POST", "/oauth/revoke", form={"token": again.json()["refresh_token"], "client_id": public.id}
    )
    assert (revoked.status, revoked.body) == (200, b"")
    assert (await public.refresh(again.json()["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_lost_answer_is_given_again_to_the_same_client_with_the_same_key(app: Application, desk: Desk) -> None:
    made = await desk.newcomer()
    first = (await app.tokens(made["access_token"], scope="openid offline_access"))["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first, "client_id": app.id, "client_secret": app.secret}
    given = [await desk.ask("POST", "/oauth/token", form=form, key="k1") for _ in range(2)]
    assert [each.status for each in given] == [200, 200]
    assert given[0].json()["refresh_token"] == given[1].json()["refresh_token"]
    assert given[1].header("idempotent-replayed") == "true"


async def test_the_client_keeps_its_redirect_uri_s_own_query(desk: Desk) -> None:
    app = await Application.registered(desk, redirect_uris=[f"{BACK}?shop=1"])
    back = await app.allowed((await desk.newcomer())["access_token"])
    assert back["shop"] == "1"
    assert challenge_of(VERIFIER) != VERIFIER
