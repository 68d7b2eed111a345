"""The API does what its description says, whatever is sent: no undocumented status, no 5xx, every error a problem."""

import asyncio
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.openapi import from_dict

from banyan.foundation import loopback
from banyan.users.app import service
from tests.users.desk import Desk

ROUTES = {
    "POST /v1/users": "201 409 422 429",
    "GET /v1/users": "200 401 403 422",
    "GET /v1/users/{user_id}": "200 401 403 404 422",
    "PUT /v1/users/{user_id}/roles": "200 401 403 404 409 412 422",
    "GET /v1/roles": "200 401 403",
    "POST /v1/sessions": "201 202 401 403 409 422 429",
    "POST /v1/sessions/refresh": "200 401 422",
    "POST /v1/sessions/magic-link": "202 409 422 429",
    "POST /v1/sessions/magic-link/redeem": "201 202 401 409 422",
    "POST /v1/sessions/magic-link/look": "200 401 422",
    "POST /v1/sessions/magic-link/code": "201 202 401 422 429",
    "POST /v1/sessions/second-step": "201 401 422 429",
    "DELETE /v1/sessions/current": "204 401",
    "GET /v1/me/sessions": "200 401 422",
    "DELETE /v1/me/sessions": "204 401",
    "DELETE /v1/me/sessions/{session_id}": "204 401 404 422",
    "GET /v1/me": "200 401",
    "PATCH /v1/me": "200 401 412 422 428",
    "DELETE /v1/me": "202 401 403 409 429",
    "POST /v1/me/email": "202 401 403 422 429",
    "POST /v1/me/email/confirm": "204 401 409 422",
    "POST /v1/me/email/undo": "204 401 409 422",
    "POST /v1/me/password": "204 401 403 409 422 429",
    "GET /v1/me/factors": "200 401",
    "POST /v1/me/proof": "204 401 403 422 429",
    "POST /v1/me/totp": "200 401 403 409",
    "DELETE /v1/me/totp": "204 401 403 404 409",
    "POST /v1/me/totp/confirm": "200 401 403 409 422 429",
    "POST /v1/me/recovery-codes": "200 401 403 409",
    "POST /v1/passkeys/sign-in/options": "200 429",
    "POST /v1/passkeys/sign-in": "201 401 422",
    "POST /v1/passkeys/sign-up/options": "200 409 422 429",
    "POST /v1/passkeys/sign-up": "201 401 409 422",
    "POST /v1/passkeys/proof/options": "200 401",
    "POST /v1/passkeys/proof": "204 401 422",
    "POST /v1/passkeys/options": "200 401 403 409",
    "GET /v1/passkeys": "200 401",
    "POST /v1/passkeys": "201 401 403 409 422",
    "PATCH /v1/passkeys/{passkey_id}": "200 401 404 422",
    "DELETE /v1/passkeys/{passkey_id}": "204 401 403 404 409 422",
    "GET /v1/me/addresses": "200 401 422",
    "POST /v1/me/addresses": "201 401 409 422",
    "GET /v1/me/addresses/{address_id}": "200 401 404 422",
    "PATCH /v1/me/addresses/{address_id}": "200 401 404 409 412 422 428",
    "DELETE /v1/me/addresses/{address_id}": "204 401 404 422",
    "GET /v1/api-keys": "200 401 403 422",
    "POST /v1/api-keys": "201 401 403 409 422",
    "POST /v1/api-keys/{key_id}/rotate": "201 401 403 404 409 422",
    "DELETE /v1/api-keys/{key_id}": "204 401 403 404 422",
    "POST /oauth/token": "200 401",
    "POST /oauth/revoke": "200 401",
    "POST /oauth/introspect": "200 401",
    "GET /oauth/userinfo": "200 401 403",
    "POST /oauth/userinfo": "200 401 403",
    "POST /v1/oauth/authorizations": "200 401 403 422",
    "POST /v1/oauth/clients": "201 401 403 409 422",
    "GET /v1/oauth/clients": "200 401 403 422",
    "GET /v1/oauth/clients/{client_id}": "200 401 403 404 422",
    "DELETE /v1/oauth/clients/{client_id}": "204 401 403 404 422",
    "POST /v1/oauth/clients/{client_id}/secret": "201 401 403 404 409 422",
    "GET /v1/me/consents": "200 401",
    "DELETE /v1/me/consents/{client_id}": "204 401 404 422",
    "POST /v1/sessions/outside": "200 404 422 429",
    "POST /v1/sessions/outside/redeem": "201 202 401 404 409 422 429",
    "POST /v1/me/outside": "204 401 403 409 422",
    "DELETE /v1/me/outside": "204 401 403",
    "GET /.well-known/openid-configuration": "200 304",
    "GET /.well-known/oauth-authorization-server": "200 304",
    "GET /.well-known/jwks.json": "200 304",
    "GET /v1/me/export": "200 401",
    "POST /v1/me/export": "202 401",
    "GET /v1/me/export/{export_id}/archive": "200 401 404",
    "GET /v1/erasures": "200 401 403",
    "DELETE /v1/erasures/{erasure_id}": "204 401 403 404",
}
FORMS = ("/oauth/token", "/oauth/revoke", "/oauth/introspect")  # with errors as RFC 6749 says


@pytest.fixture(scope="module")
async def described(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.ask("GET", "/openapi.json")).json()
    return found


@pytest.fixture(scope="module")
async def tokens(desk: Desk) -> dict[str, str]:
    """Who may ask: nobody, a shopper, an operator, somebody with a token that does not hold."""
    shopper, operator = await desk.newcomer(), await desk.operator()
    return {"guest": "", "shopper": shopper["access_token"], "operator": operator["access_token"], "forger": "a.b.c"}


def test_every_route_documents_its_answers(described: dict[str, Any]) -> None:
    found = {
        f"{method.upper()} {path}": " ".join(sorted(set(operation["responses"]) - {"400", "503", "4XX"}))
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    assert found == ROUTES
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["description"]
            assert operation["tags"]


@pytest.mark.parametrize("name", ROUTES)
async def test_nothing_that_is_sent_breaks_a_route(
    desk: Desk, described: dict[str, Any], tokens: dict[str, str], name: str
) -> None:
    method, path = name.split()
    operation = from_dict(described)[path][method]
    loop, local = asyncio.get_running_loop(), desk.shop.peers.local("users")
    assert local is not None

    @settings(
        max_examples=8, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(case=operation.as_strategy(), who=st.sampled_from(["guest"] if "current" in path else sorted(tokens)))
    def send(case: Any, who: str) -> None:
        made = requests.Request(**case.as_transport_kwargs(base_url="http://shop")).prepare()
        headers = {name: str(value) for name, value in made.headers.items()} | (
            {"authorization": f"Bearer {tokens[who]}"} if tokens[who] else {}
        )
        body = made.body.encode() if isinstance(made.body, str) else made.body
        assert body is None or isinstance(body, bytes)
        asked = loopback.request(local.app, method, made.path_url, headers=headers, body=body or b"")
        answer = asyncio.run_coroutine_threadsafe(asked, loop).result(30)
        assert str(answer.status) in operation.definition.raw["responses"], (answer.status, answer.body)
        assert answer.status < 500
        if answer.status >= 400:
            assert answer.json()["error" if path in FORMS else "code"]

    await asyncio.to_thread(send)


async def test_each_part_of_the_service_is_there() -> None:
    made = service()
    assert set(made.chores) == {"rotate", "post", "sweep", "export", "erase"}
    ours = {"AskKeys", "AskShopper", "AskApiKey"}
    moving = {"UsersTake", "UsersHandOver", "UsersTenure", "SignIn"}
    assert {call.__name__ for call in made.calls} == ours | moving
