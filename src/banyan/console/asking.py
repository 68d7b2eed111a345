"""Nothing that matters happens at the first click: what is about to be done is shown, and done when that is confirmed.

The Idempotency-Key is made with the question. Sent twice, the answer is acted on once; where nobody knows whether it
was done, the question comes back with the same key.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from banyan.console.visit import Visit
from banyan.kernel.refusals import Malformed, Refusal

_KEY = re.compile(r"key_[0-9a-z]{26}")
_CONFIRMED, _ITS_KEY = "confirmed", "key"


@dataclass(frozen=True, slots=True)
class Question:
    """What is about to be done: `facts` are pairs of a label and a text. `grave`: it cannot be taken back."""

    title: str
    facts: Sequence[tuple[str, str]]
    button: str
    back: str
    grave: bool = True
    note: str = ""


async def ask_first(
    visit: Visit,
    question: Question,
    act: Callable[[str], Awaitable[Response]],
    again: Callable[[Refusal], Awaitable[Response]],
) -> Response:
    """Ask; when the form says that it was asked, act with its key. `again`: the page where what was refused is mended."""
    if visit.form[_CONFIRMED] != "yes":
        return await _question(visit, question, visit.new_key())
    key = visit.form[_ITS_KEY]
    if not _KEY.fullmatch(key):
        raise Malformed("this is not a form of ours; begin again", code="not_a_form")
    try:
        return await act(key)
    except Refusal as refusal:
        if refusal.status >= 500 or refusal.code == "in_flight":
            return await _question(visit, question, key, refusal)
        return await again(in_place(refusal))


def in_place(refusal: Refusal) -> Refusal:
    """A refusal that is shown where it came up. That a session ended is not: one signs in first."""
    if refusal.status == 401:
        raise refusal
    return refusal


def status_of(refusal: Refusal | None, errors: Mapping[str, str]) -> int:
    """The status of a form's page: 200 when nothing is wrong yet."""
    return refusal.status if refusal else 422 if errors else 200


async def _question(visit: Visit, question: Question, key: str, refusal: Refusal | None = None) -> Response:
    return await visit.page(
        "confirm.html",
        refusal.status if refusal else 200,
        question=question,
        key=key,
        carried=visit.carried(_CONFIRMED, _ITS_KEY),
        refusal=refusal,
    )
