"""A list's statement holds the conditions that are asked for, and none that is not."""

from banyan.foundation.narrowing import where

KNOWN = {"name": "name = {}", "since": "made_at >= {}", "low": "(units < 3) = {}"}


def test_only_what_is_asked_stands_in_the_statement_and_is_numbered_behind_what_is_there() -> None:
    assert where(KNOWN) == ("", [])
    assert where(KNOWN, name=None, since="today") == ("WHERE made_at >= $1", ["today"])
    assert where(KNOWN, 2, low=True, name="a") == ("WHERE (units < 3) = $3 AND name = $4", [True, "a"])


def test_false_and_empty_are_asked_for_and_nothing_is_not() -> None:
    assert where(KNOWN, low=False, name="") == ("WHERE (units < 3) = $1 AND name = $2", [False, ""])
