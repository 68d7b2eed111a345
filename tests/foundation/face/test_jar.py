"""Cookies: what a browser sends is checked, what it is sent is out of scripts' reach."""

from enum import Enum
from typing import Any

import pytest
from starlette.responses import Response

from banyan.foundation.face.jar import Jar


class Cookie(Enum):
    MINE = "mine"
    COMMON = "common"


def jar(given: dict[str, str] | None = None, path: str = "/", secure: bool = False, **more: Any) -> Jar[Cookie]:
    return Jar(Cookie, given or {}, path=path, same_site="lax", secure=secure, shared=[Cookie.COMMON], **more)


def written(jar: Jar[Cookie]) -> list[str]:
    jar.write(response := Response())
    return response.headers.getlist("set-cookie")


def test_what_was_put_is_read_again_and_sent_with_all_its_promises() -> None:
    held = jar()
    held.put(Cookie.MINE, "abc", 60)
    assert held.get(Cookie.MINE) == "abc"
    assert written(held) == ["mine=abc; HttpOnly; Max-Age=60; Path=/; SameSite=lax"]


def test_what_did_not_change_is_not_sent() -> None:
    held = jar({"mine": "abc"})
    held.drop(Cookie.COMMON)
    assert held.get(Cookie.MINE) == "abc"
    assert written(held) == []


@pytest.mark.parametrize("value", ["", "a b", "a;b", "é", "a\r\nb", "x" * 3801])
def test_what_cannot_be_ours_is_neither_read_nor_kept(value: str) -> None:
    assert jar({"mine": value}).get(Cookie.MINE) == ""
    held = jar({"mine": "abc"})
    held.put(Cookie.MINE, value, 60)
    assert held.get(Cookie.MINE) == ""
    assert 'mine=""; HttpOnly; Max-Age=0' in written(held)[0]


def test_what_was_dropped_is_taken_from_the_browser() -> None:
    held = jar({"mine": "abc"})
    held.drop(Cookie.MINE)
    assert held.get(Cookie.MINE) == ""
    assert "Max-Age=0" in written(held)[0]


@pytest.mark.parametrize(
    ("path", "secure", "name"), [("/", False, "mine"), ("/", True, "__Host-mine"), ("/office", True, "__Secure-mine")]
)
def test_on_https_names_carry_the_strongest_promise_their_path_allows(path: str, secure: bool, name: str) -> None:
    held = jar({name: "abc", "common": "c"}, path, secure)
    assert (held.get(Cookie.MINE), held.get(Cookie.COMMON)) == ("abc", "c")
    held.put(Cookie.MINE, "def", 60)
    [line] = written(held)
    assert line.startswith(f"{name}=def")
    assert f"Path={path};" in line
    assert ("Secure" in line.split("; ")) is secure


def test_a_name_without_its_promise_is_not_believed_on_https() -> None:
    assert jar({"mine": "abc"}, secure=True).get(Cookie.MINE) == ""
