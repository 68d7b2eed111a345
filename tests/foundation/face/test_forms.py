"""Forms: whatever is sent, what is read of it is bounded and clean."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from banyan.foundation.face import forms
from banyan.foundation.face.forms import Form, whole
from banyan.kernel.refusals import Fault, Invalid, Malformed, Refusal, TooLarge


def sent(body: bytes, kind: str = "application/x-www-form-urlencoded") -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    reading: Callable[[], Any] = receive
    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, reading)


@given(st.binary(max_size=300))
async def test_no_bytes_break_a_form(body: bytes) -> None:
    with suppress(Malformed, TooLarge):
        form = await forms.read(sent(body), max_body=200, max_fields=5)
        assert all("\x00" not in form[name] for name, _ in form.pairs)


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (sent(b"a=" + b"x" * 199), TooLarge),
        (sent(b"a=1&" * 6), Malformed),
        (sent(b"{}", "application/json"), Malformed),
        (sent(b"--x", "multipart/form-data; boundary=x"), Malformed),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(request_: Request, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        await forms.read(request_, max_body=200, max_fields=5)


async def test_a_form_is_read_as_it_was_filled_in() -> None:
    form = await forms.read(
        sent(b"a=1&b=&a=%C3%BC+x", "Application/X-WWW-form-urlencoded; a=b"), max_body=99, max_fields=3
    )
    assert form.pairs == [("a", "1"), ("b", ""), ("a", "ü x")]
    assert (form["a"], form.all("a"), "b" in form) == ("ü x", ["1", "ü x"], True)
    assert (await forms.read(sent(b"", ""), max_body=99, max_fields=3)).pairs == []


def test_what_was_typed_is_cleaned_and_passwords_are_not() -> None:
    form = Form([("name", "  Ada\x00\r\nLovelace\t"), ("password", " a\tb ")])
    assert form["name"] == "Ada Lovelace"
    assert form.exact("password") == " a\tb "
    assert form["nothing"] == ""
    assert "nothing" not in form


@pytest.mark.parametrize(
    ("text", "count"),
    [("3", 3), ("0", 1), ("-5", 1), ("1000", 9), ("x", 2), ("", 2), ("9" * 10, 9), ("9" * 99, 2)],
)
def test_counts_stay_within_bounds(text: str, count: int) -> None:
    assert Form([("n", text)]).count("n", 2, least=1, most=9) == count


def test_fields_below_a_prefix_are_known_by_the_rest_of_their_names() -> None:
    assert Form([("option.size", " M "), ("option.", "x"), ("size", "L")]).below("option.") == {"size": "M", "": "x"}


@given(st.text())
def test_whole_numbers_are_ten_digits_at_most(text: str) -> None:
    number = whole(text)
    assert number is None or abs(number) < 10**10


@given(st.text())
def test_a_field_holds_no_control_characters(text: str) -> None:
    form = Form([("line", text), ("prose", text)])
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in form["line"])
    assert not any(ord(each) < 32 and each not in "\n\t" for each in form.prose("prose"))


def test_the_first_fault_of_each_field_is_found_and_the_rest_is_under_nothing() -> None:
    city, again, odd = (Fault(at, "odd", at) for at in ("/body/address/city", "/city", "/odd"))
    assert forms.faults(Invalid("wrong", errors=[city, again, odd]), {"city": "town"}) == {"town": city, "": odd}
    assert forms.faults(Refusal("no"), {"city": "town"}) == {}
