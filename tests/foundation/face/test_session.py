"""Sessions: an old access token is renewed without a word, once, and nobody is signed out because a service is away."""

import asyncio
from enum import Enum

import pytest
from starlette.requests import Request
from starlette.responses import Response

from banyan.contracts import gateway
from banyan.foundation.face.jar import Jar
from banyan.foundation.face.session import Session, Tokens
from banyan.kernel.refusals import Refusal
from tests.foundation.face.played import Played, no, said


class Cookie(Enum):
    ACCESS = "access"
    REFRESH = "refresh"


NEXT = {"access_token": "a2", "refresh_token": "r2", "expires_in": 600}
FROM = {gateway.CLIENT_ADDRESS: "203.0.113.7", "user-agent": "Firefox"}


def session(played: Played, **cookies: str) -> tuple[Session[Cookie], Jar[Cookie]]:
    jar = Jar(Cookie, cookies, path="/", same_site="lax", secure=False)
    return Session(jar, FROM, played.peers(), access=Cookie.ACCESS, refresh=Cookie.REFRESH, seconds=1000), jar


def held(jar: Jar[Cookie]) -> list[str]:
    return [jar.get(cookie) for cookie in Cookie]


def renews(_: Request) -> Response:
    return said(NEXT)


async def test_a_guest_asks_from_an_address_and_as_nobody() -> None:
    guest, _ = session(played := Played(renews))
    assert not guest.signed_in
    assert await guest.headers() == FROM
    assert not await guest.renew()
    assert not played.asked


async def test_a_token_that_is_there_is_used() -> None:
    member, _ = session(played := Played(renews), access="a1", refresh="r1")
    assert await member.headers() == {**FROM, "authorization": "Bearer a1"}
    assert not played.asked


async def test_a_token_that_is_over_is_renewed_once_for_all_who_ask_from_the_browsers_address() -> None:
    member, jar = session(played := Played(renews), refresh="r1")
    assert member.signed_in
    assert await asyncio.gather(*(member.access() for _ in range(5))) == ["a2"] * 5
    [asked] = played.asked
    assert played.bodies == [{"refresh_token": "r1"}]
    assert asked.headers[gateway.CLIENT_ADDRESS] == "203.0.113.7"
    assert "authorization" not in asked.headers
    assert held(jar) == ["a2", "r2"]


async def test_two_tabs_ask_with_the_same_key_and_it_does_not_tell_the_token() -> None:
    played = Played(renews)
    for _ in range(2):
        await session(played, refresh="r1")[0].access()
    [key] = {each.headers["idempotency-key"] for each in played.asked}
    assert "r1" not in key
    await session(played, refresh="r9")[0].access()
    assert played.asked[-1].headers["idempotency-key"] != key


async def test_a_refused_token_is_renewed() -> None:
    member, jar = session(Played(renews), access="a1", refresh="r1")
    assert await member.renew()
    assert held(jar) == ["a2", "r2"]


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_session_that_is_over_is_forgotten(status: int) -> None:
    member, jar = session(Played(lambda _: no(status, "refresh_token_invalid")), access="a1", refresh="r1")
    assert not await member.renew()
    assert held(jar) == ["", ""]
    assert not member.signed_in


@pytest.mark.parametrize("answer", [no(503, "unavailable"), no(429, "too_many"), said({"odd": 1})])
async def test_while_nobody_can_renew_it_a_session_is_kept(answer: Response) -> None:
    member, jar = session(Played(lambda _: answer), refresh="r1")
    with pytest.raises(Refusal):
        await member.access()
    assert held(jar) == ["", "r1"]


def test_access_tokens_are_given_up_before_they_end() -> None:
    member, jar = session(Played(renews))
    for seconds, kept in ((600, 585), (10, 1)):
        member.keep(Tokens(access_token="a", refresh_token="r", expires_in=seconds))
        jar.write(response := Response())
        access, refresh = response.headers.getlist("set-cookie")
        assert f"Max-Age={kept};" in access
        assert "Max-Age=1000;" in refresh
    member.forget()
    assert held(jar) == ["", ""]
