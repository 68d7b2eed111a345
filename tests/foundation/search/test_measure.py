"""What measures a search is right about searches which are faultless, useless or half good."""

import random
from collections.abc import Sequence
from typing import cast

import pytest

from banyan.foundation.search import Query, Results, Search
from banyan.foundation.search.measure import answered, known_items, mistyped
from banyan.foundation.search.words import edits


class Canned:
    """Always the same ids. Of a search, what measuring needs."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        self.asked: list[str] = []

    async def search(self, query: Query) -> Results:
        self.asked.append(query.text)
        return Results(self.ids[: query.limit], len(self.ids))


def canned(ids: Sequence[str]) -> Search:
    return cast(Search, Canned(ids))


NAMES = [(str(at), f"Chair - number {at} of the best kind there is") for at in range(40)]


async def test_only_what_comes_within_the_first_ten_is_found() -> None:
    found = await known_items(canned([str(at) for at in range(40)]), NAMES, random.Random(1))
    assert (found.asked, found.found, len(found.missed)) == (40, 10, 30)
    assert found.share == 0.25


async def test_the_first_five_words_are_asked_and_a_dash_is_none() -> None:
    search = Canned(())
    await known_items(cast(Search, search), NAMES[:1], random.Random(1))
    assert search.asked == ["Chair number 0 of the"]


async def test_names_shared_by_two_products_are_not_asked_for() -> None:
    found = await known_items(canned(()), [("a", "Chair"), ("b", "Chair"), ("c", "-")], random.Random(1))
    assert (found.asked, found.share) == (0, 1.0)


async def test_the_ceiling_is_what_ten_places_leave_to_names_that_begin_alike() -> None:
    alike = [(str(at), f"Chair of the same kind {at}") for at in range(40)]
    found = await known_items(canned(()), alike, random.Random(1))
    assert found.ceiling == 0.25


async def test_the_same_dice_ask_the_same() -> None:
    one, other = Canned(()), Canned(())
    for search in (one, other):
        await known_items(cast(Search, search), NAMES, random.Random(5), sample=7, typing_error=True)
    assert one.asked == other.asked
    assert len(one.asked) == 7


@pytest.mark.parametrize("seed", range(30))
def test_a_typing_error_is_one_error_in_the_longest_word(seed: int) -> None:
    wrong = mistyped(["a", "headphone", "case"], random.Random(seed))
    assert (wrong[0], wrong[2]) == ("a", "case")
    assert edits(wrong[1], "headphone") == 1


async def test_queries_without_an_answer_are_named() -> None:
    assert (await answered(canned(()), ["lamp"])).missed == ("lamp",)
    assert (await answered(canned(["a"]), ["lamp"])).share == 1.0
