"""Applications of others are registered by operators, act for themselves where they may, and are closed."""

import pytest

from banyan.users.domain import oauth
from tests.users.desk import Desk
from tests.users.oauth.application import BACK, Application, claims_of

NEW = {"name": "Parcel Watch", "redirect_uris": [BACK], "scopes": ["openid", "orders:own"], "confidential": True}


async def test_an_operator_registers_a_client_gives_it_another_secret_and_closes_it(desk: Desk) -> None:
    token = (await desk.operator())["access_token"]
    made = await desk.ask("POST", "/v1/oauth/clients", NEW, token=token)
    assert (made.status, made.header("cache-control")) == (201, "no-store")
    client = made.json()
    assert client["grants"] == ["authorization_code", "refresh_token"]
    app = Application(desk, client["id"], client["client_secret"])
    path = f"/v1/oauth/clients/{app.id}"
    assert "client_secret" not in (await desk.ask("GET", path, token=token)).json()
    kept = await desk.ports.db.fetchval("SELECT secret_hash FROM oauth_client WHERE id = $1", app.id)
    assert client["client_secret"].encode() not in kept

    shopper = (await desk.newcomer())["access_token"]
    refresh = (await app.exchange(await app.code(shopper))).status
    assert refresh == 200
    secret = (await desk.ask("POST", f"{path}/secret", token=token)).json()["client_secret"]
    assert (await app.exchange(await app.code(shopper))).status == 401
    renewed = Application(desk, app.id, secret)
    assert (await renewed.exchange(await app.code(shopper))).status == 200

    code = await renewed.code(shopper)
    assert (await desk.ask("DELETE", path, token=token)).status == 204
    assert (await renewed.exchange(code)).json()["error"] == "invalid_client"
    assert (await renewed.authorize(shopper)).json()["code"] == "authorization_unsafe"
    assert (await desk.ask("DELETE", path, token=token)).status == 404
    assert (await desk.ask("POST", f"{path}/secret", token=token)).status == 409
    assert (await desk.ask("GET", "/v1/oauth/clients/cli_" + "0" * 26, token=token)).status == 404


async def test_a_client_whose_answer_was_lost_is_told_again_with_its_secret(desk: Desk) -> None:
    token = (await desk.operator())["access_token"]
    given = [await desk.ask("POST", "/v1/oauth/clients", NEW, token=token, key="c-1") for _ in range(2)]
    assert [each.status for each in given] == [201, 201]
    assert given[0].body == given[1].body
    assert given[1].header("idempotent-replayed") == "true"
    made = given[0].json()
    shopper = (await desk.newcomer())["access_token"]
    app = Application(desk, made["id"], made["client_secret"])
    assert (await app.exchange(await app.code(shopper))).status == 200
    assert await desk.ports.db.fetchval("SELECT count(*) FROM oauth_client WHERE id = $1", made["id"]) == 1
    kept = await desk.ports.db.fetch("SELECT body FROM idempotency WHERE body IS NOT NULL")
    assert all(made["client_secret"].encode() not in row["body"] for row in kept)
    other = await desk.ask("POST", "/v1/oauth/clients", {**NEW, "name": "Other"}, token=token, key="c-1")
    assert other.status == 422


async def test_clients_are_listed_in_pages(desk: Desk) -> None:
    token = (await desk.operator())["access_token"]
    for number in range(3):
        await desk.ask("POST", "/v1/oauth/clients", {**NEW, "name": f"App {number}"}, token=token)
    names, cursor = list[str](), ""
    while True:
        page = (await desk.ask("GET", f"/v1/oauth/clients?limit=2{cursor}", token=token)).json()
        names += [each["name"] for each in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert names[-3:] == ["App 0", "App 1", "App 2"]


async def test_a_client_acts_for_itself_with_what_it_was_given(desk: Desk) -> None:
    app = await Application.registered(desk, redirect_uris=[], scopes=["catalog:write", "stock:read"])
    for given in ({}, app.basic):
        who = {} if given else {"client_id": app.id, "client_secret": app.secret or ""}
        form = {"grant_type": "client_credentials", "scope": "stock:read", **who}
        answer = await desk.ask("POST", "/oauth/token", form=form, headers=given)
        assert answer.status == 200, answer.body
        assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(answer.json()["access_token"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (app.id, app.id, "stock:read")
    assert claims["permissions"] == ["stock:read"]
    assert "sid" not in claims
    who = await desk.shop.authority.principal(f"Bearer {answer.json()['access_token']}")
    assert (who.user_id, who.may("stock:read"), who.may("catalog:write")) == (app.id, True, False)
    assert (await desk.ask("GET", "/v1/me", token=answer.json()["access_token"])).status == 403
    told = await app.introspect(answer.json()["access_token"])
    assert (told["active"], told["sub"]) == (True, app.id)


async def test_introspection_tells_of_what_holds_to_whom_it_was_given(desk: Desk) -> None:
    app = await Application.registered(desk)
    reader = await Application.registered(desk, redirect_uris=[], scopes=["introspect"])
    made = await desk.newcomer()
    got = await app.tokens(made["access_token"], scope="openid offline_access")
    for token in (got["access_token"], got["refresh_token"]):
        told = await app.introspect(token)
        assert (told["active"], told["sub"], told["client_id"]) == (True, made["id"], app.id)
        assert (await reader.introspect(token)) == told
    assert (await reader.introspect(made["access_token"]))["client_id"] == "banyan"
    await desk.ask("POST", "/oauth/revoke", form={"token": got["refresh_token"]}, headers=app.basic)
    for token in (got["access_token"], got["refresh_token"], "anything", got["id_token"]):
        assert await app.introspect(token) == {"active": False}


@pytest.mark.parametrize(
    "uri",
    [
        *("https://a.example", "https://a.example/b?c=d", "https://a.example:8443/", "https://xn--bcher-kva.example/b"),
        *("http://127.0.0.1/b", "http://[::1]:1/b", "http://localhost:3000/b", "com.example.app:/back"),
    ],
)
def test_what_may_be_registered(uri: str) -> None:
    oauth.check_redirect_uri(uri)
    assert oauth.same_place(uri, uri)


@pytest.mark.parametrize(
    "uri",
    [
        *("", "a.example/b", "//a.example", "https://", "https:///b", "https://a.example/b#c", "https://*.a.example"),
        *("http://a.example/", "http://127.0.0.2/", "http://127.0.0.1.evil.example/", "https://u@a.example/"),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/b", "com.example://host/b"),
        *("https://a.example/b c", "https://a.exämple/", "https://a.example\\@b.example", "https://a.example:x/"),
        "https://a.example/" + "x" * 2000,
    ],
)
def test_what_may_not_be_registered(uri: str) -> None:
    with pytest.raises(oauth.Wrong):
        oauth.check_redirect_uri(uri)


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("http://127.0.0.1:53211/back", True),
        ("http://127.0.0.1/back", True),
        ("http://127.0.0.1:65536/back", False),
        ("http://127.0.0.1:53211/back?x=1", False),
        ("http://127.0.0.1:53211/back/", False),
        ("http://localhost:53211/back", False),
        ("http://[::1]:53211/back", False),
    ],
)
def test_the_port_of_the_machine_itself_is_free_and_nothing_else(asked: str, same: bool) -> None:
    assert oauth.same_place("http://127.0.0.1:8080/back", asked) is same
