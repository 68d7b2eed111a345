"""A line to the services: says who asks, renews it once, and raises what was refused."""

from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from banyan.contracts import gateway
from banyan.foundation.face.line import Line, Nobody, Seen, or_none, told_by
from banyan.kernel.refusals import Refusal, Unavailable
from tests.foundation.face.played import Played, no, said


class Toy(Seen):
    id: str
    colours: tuple[str, ...] = ()


class Badge:
    """Holds tokens to be tried one after the other."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[0]}"}

    async def renew(self) -> bool:
        self.tokens.pop(0)
        return bool(self.tokens)


def only(token: str, code: str = "token_expired") -> Callable[[Request], Response]:
    """A service that takes this token alone."""
    return lambda request: (
        said({"id": "toy_1"}) if request.headers["authorization"] == f"Bearer {token}" else no(401, code)
    )


async def test_an_answer_comes_in_the_shape_that_was_asked_for() -> None:
    played = Played(lambda _: said({"id": "toy_1", "colours": ["red"], "weight": 3}))
    line = Line(played.peers(), Nobody({"user-agent": "x"}))
    assert await line.get(Toy, "users", "/v1/toys/1", [("a", "b"), ("c", "")]) == Toy(id="toy_1", colours=("red",))
    [asked] = played.asked
    assert str(asked.url).endswith("/v1/toys/1?a=b")
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"] == "x"


@pytest.mark.parametrize("answer", [said([]), said({"id": 7}), Response(b"<html>"), Response(b"")])
async def test_an_answer_in_another_shape_is_no_answer(answer: Response) -> None:
    with pytest.raises(Unavailable, match="Toy"):
        await Line(Played(lambda _: answer).peers(), Nobody()).get(Toy, "users", "/")


async def test_a_key_and_a_version_go_along_with_what_is_sent() -> None:
    played = Played(lambda _: said({}))
    line = Line(played.peers(), Nobody())
    await line.send("users", "PATCH", "/", {"a": 1}, key="key_1", if_match='"3"')
    await line.send("users", "POST", "/")
    assert played.bodies == [{"a": 1}, None]
    first, second = (each.headers for each in played.asked)
    assert (first["idempotency-key"], first["if-match"], first["content-type"]) == ("key_1", '"3"', "application/json")
    assert not {"idempotency-key", "if-match", "content-type"} & set(second)


async def test_a_refused_token_is_renewed_once_and_the_question_asked_again() -> None:
    played = Played(only("new"))
    await Line(played.peers(), Badge("old", "new")).send("users", "POST", "/", {"a": 1}, key="key_1")
    assert played.bodies == [{"a": 1}, {"a": 1}]
    assert {each.headers["idempotency-key"] for each in played.asked} == {"key_1"}


@pytest.mark.parametrize(("code", "asked"), [("session_ended", 2), ("invalid_token", 2), ("wrong_credentials", 1)])
async def test_what_stays_refused_is_raised_and_a_wrong_password_is_not_tried_again(code: str, asked: int) -> None:
    played = Played(only("none", code))
    with pytest.raises(Refusal) as refused:
        await Line(played.peers(), Badge("a", "b", "c")).get(Toy, "users", "/")
    assert (refused.value.status, refused.value.code) == (401, code)
    assert len(played.asked) == asked


async def test_a_part_that_a_page_can_do_without_is_none_where_it_is_refused() -> None:
    line = Line(Played(lambda _: no(404, "not_found")).peers(), Nobody())
    assert await or_none(line.get(Toy, "users", "/")) is None
    line = Line(Played(lambda _: said({"id": "toy_1"})).peers(), Nobody())
    assert await or_none(line.get(Toy, "users", "/")) == Toy(id="toy_1")


def test_a_line_knows_which_services_there_are() -> None:
    line = Line(Played(lambda _: said({})).peers("users"), Nobody())
    assert line.knows("users")
    assert not line.knows("orders")


def test_services_hear_the_browsers_address_and_name_and_nothing_else() -> None:
    given = {gateway.CLIENT_ADDRESS: "203.0.113.7", "user-agent": "Firefox", "cookie": "a=b", "authorization": "x"}
    assert told_by(given) == {gateway.CLIENT_ADDRESS: "203.0.113.7", "user-agent": "Firefox"}
    assert told_by({"user-agent": "a\r\nb"}) == {}
