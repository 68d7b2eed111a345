"""What is published is true, and can be kept by whoever asks."""

from tests.users.desk import Desk


async def test_discovery_names_only_what_is_there(desk: Desk) -> None:
    origin = desk.shop.settings.origin
    answer = await desk.ask("GET", "/.well-known/openid-configuration")
    found = answer.json()
    assert (answer.status, found["issuer"]) == (200, origin)
    assert found["grant_types_supported"] == ["refresh_token"]
    assert "authorization_endpoint" not in found
    for name in ("jwks_uri", "token_endpoint", "revocation_endpoint"):
        path = found[name].removeprefix(origin)
        method = "GET" if name == "jwks_uri" else "POST"
        assert (await desk.ask(method, path, form={} if method == "POST" else None)).status in (200, 400)


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
