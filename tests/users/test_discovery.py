"""What is published is true, and can be kept by whoever asks."""

from banyan import topology
from banyan.contracts.users import PERMISSIONS, SCOPES
from tests.users.desk import Desk

POSTED = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")


async def test_discovery_names_only_what_is_there(desk: Desk) -> None:
    origin = desk.shop.settings.origin
    answer = await desk.ask("GET", "/.well-known/openid-configuration")
    found = answer.json()
    assert (answer.status, found["issuer"]) == (200, origin)
    assert (await desk.ask("GET", "/.well-known/oauth-authorization-server")).json() == found
    places = {"jwks_uri": "GET", "userinfo_endpoint": "GET"} | dict.fromkeys(POSTED, "POST")
    for name, method in places.items():
        path = found[name].removeprefix(origin)
        assert (await desk.ask(method, path, form={} if method == "POST" else None)).status in (200, 400, 401), name
    assert topology.ROUTES[found["authorization_endpoint"].removeprefix(origin)] == "storefront"
    assert {name for name in found if name.endswith(("_endpoint", "_uri"))} == {*places, "authorization_endpoint"}


async def test_discovery_offers_what_is_done_and_nothing_that_is_not(desk: Desk) -> None:
    found = (await desk.ask("GET", "/.well-known/openid-configuration")).json()
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    for grant in (*found["grant_types_supported"], "password", "implicit"):
        refused = (await desk.ask("POST", "/oauth/token", form={"grant_type": grant, "client_id": "x"})).json()
        assert (refused["error"] == "unsupported_grant_type") == (grant not in found["grant_types_supported"]), grant
    assert "none" not in found["introspection_endpoint_auth_methods_supported"]
    assert set(found["scopes_supported"]) == {*SCOPES, *PERMISSIONS, "introspect"}


async def test_documents_are_cacheable_and_answer_304(desk: Desk) -> None:
    for path in ("/.well-known/openid-configuration", "/.well-known/jwks.json"):
        answer = await desk.ask("GET", path)
        assert answer.header("cache-control") == "public, max-age=300"
        tag = answer.header("etag") or ""
        for known in (tag, f'"other", W/{tag}', "*"):
            again = await desk.ask("GET", path, headers={"if-none-match": known})
            assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
        assert (await desk.ask("GET", path, headers={"if-none-match": '"other"'})).status == 200


async def test_the_key_set_holds_nothing_private(desk: Desk) -> None:
    for key in (await desk.ask("GET", "/.well-known/jwks.json")).json()["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
