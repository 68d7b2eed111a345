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
    "POST /v1/sessions": "201 401 403 409 422 429",
    "POST /v1/sessions/refresh": "200 401 422",
    "POST /v1/sessions/magic-link": "202 409 422 429",
    "POST /v1/sessions/magic-link/redeem": "201 401 409 422",
    "DELETE /v1/sessions/current": "204 401",
    "GET /v1/me/sessions": "200 401 422",
    "DELETE /v1/me/sessions/{session_id}": "204 401 404 422",
    "GET /v1/me": "200 401",
    "PATCH /v1/me": "200 401 412 422 428",
    "POST /v1/me/password": "204 401 403 409 422 429",
    "GET /v1/me/addresses": "200 401 422",
    "POST /v1/me/addresses": "201 401 409 422",
    "GET /v1/me/addresses/{address_id}": "200 401 404 422",
    "PATCH /v1/me/addresses/{address_id}": "200 401 404 409 412 422 428",
    "DELETE /v1/me/addresses/{address_id}": "204 401 404 422",
    "POST /oauth/token": "200 401",
    "POST /oauth/revoke": "200 401",
    "GET /.well-known/openid-configuration": "200 304",
    "GET /.well-known/jwks.json": "200 304",
}


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
        max_examples=20, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
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
            assert answer.json()["error" if path.startswith("/oauth") else "code"]

    await asyncio.to_thread(send)


async def test_each_part_of_the_service_is_there() -> None:
    made = service()
    assert set(made.chores) == {"rotate", "post", "sweep"}
    ours = {"AskKeys", "AskShopper"}
    moving = {"UsersTake", "UsersHandOver", "UsersTenure", "SignIn"}
    assert {call.__name__ for call in made.calls} == ours | moving
