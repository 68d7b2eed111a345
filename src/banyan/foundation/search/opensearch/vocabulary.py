"""The words of an OpenSearch index, asked for together and remembered for a moment."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, TypeAlias

from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Prefix, Some, Word
from banyan.foundation.search.opensearch.fields import WORDS, tree
from banyan.foundation.search.opensearch.server import Server
from banyan.foundation.search.ranking import Attempt, attempts
from banyan.foundation.search.words import edits, edits_allowed

REMEMBERED = 1.0
"""Seconds in which a word that another process has just brought may still be unknown here."""

_MOST = 20_000
_NEAR = 30
_SOMETHING = "\0"
"""Ends a word that stands for those which are still to be asked for."""

Question: TypeAlias = tuple[str, str]


class Vocabulary:
    """What the words of a query are to the index."""

    def __init__(self, server: Server, index: str) -> None:
        self._server = server
        self._index = index
        self._told: dict[Question, Any] = {}
        self._until = 0.0

    def forget(self) -> None:
        self._told = {}

    async def readings(self, text: str, first: int | None = None) -> list[Attempt]:
        """The readings of a query, or the first of them: to ask for those that are not needed costs the most."""
        now = asyncio.get_running_loop().time()
        if now > self._until or len(self._told) > _MOST:
            self._told, self._until = {}, now + REMEMBERED
        told = self._told
        while True:
            known = _Known(told)
            found = list(islice(attempts(text, known), first))
            # Which words are misspelt is known when their uses are: until then nothing near is worth asking for.
            if not (wanted := known.lacking or known.far):
                return found
            asked = list(wanted)
            answers = await self._server.ask_all(self._index, [_ASK[kind](word) for kind, word in asked])
            for (kind, word), answer in zip(asked, answers, strict=True):
                told |= _HEAR[kind](word, answer, told)


class _Known:
    """A ranking.Vocabulary that notes what it could not tell."""

    def __init__(self, told: Mapping[Question, Any]) -> None:
        self._told = told
        self.lacking: dict[Question, None] = {}
        self.far: dict[Question, None] = {}

    def uses(self, word: str) -> int:
        if word.endswith(_SOMETHING):
            return 1
        return int(self._look(("uses", word), 0))

    def begins(self, prefix: str) -> bool:
        return bool(self._look(("begins", prefix), False))

    def near(self, word: str, distance: int) -> Iterable[str]:
        question = ("near", word)
        if question not in self._told:
            self.far[question] = None
            return (word + _SOMETHING,)
        return [other for other in self._told[question] if edits(word, other) <= distance]

    def _look(self, question: Question, otherwise: object) -> Any:
        if question not in self._told:
            self.lacking[question] = None
        return self._told.get(question, otherwise)


def _uses(word: str) -> dict[str, Any]:
    return {"size": 0, "track_total_hits": True, "query": tree(Word(rank.ALL, word))}


def _begins(prefix: str) -> dict[str, Any]:
    some = Some(tuple(Prefix(field, prefix) for field in (rank.NAME, rank.LABEL, rank.KEYWORDS)))
    return {"size": 0, "terminate_after": 1, "track_total_hits": 1, "query": {"bool": {"filter": [tree(some)]}}}


def near(field: str, word: str, distance: int, most: int) -> dict[str, Any]:
    """Words of a field so many typing errors away, with how many products hold them."""
    options = {
        "field": field,
        "analyzer": "keyword",
        "suggest_mode": "always",
        "max_edits": max(1, distance),
        "prefix_length": 0,
        "min_word_length": 1,
        "max_term_freq": 2**30,
        "accuracy": 0,
        "size": most,
    }
    return {"suggest": {"near": {"text": word, "term": options}}}


def heard(answer: Any) -> list[tuple[str, int]]:
    """What is near, nearest first, by the answer to `near`."""
    return [(option["text"], option["freq"]) for each in answer["suggest"]["near"] for option in each["options"]]


def _hear_near(word: str, answer: Any, told: Mapping[Question, Any]) -> dict[Question, Any]:
    found = heard(answer)
    # How often a guess is used decides between guesses alone: its inflections need not be counted for that.
    uses = {("uses", other): count for other, count in found if ("uses", other) not in told}
    return {("near", word): [other for other, _ in found], **uses}


def _total(answer: Any) -> int:
    return int(answer["hits"]["total"]["value"])


_ASK: dict[str, Callable[[str], dict[str, Any]]] = {
    "uses": _uses,
    "begins": _begins,
    "near": lambda word: near(WORDS, word, edits_allowed(word), _NEAR),
}
_HEAR: dict[str, Callable[[str, Any, Mapping[Question, Any]], dict[Question, Any]]] = {
    "uses": lambda word, answer, _: {("uses", word): _total(answer)},
    "begins": lambda word, answer, _: {("begins", word): _total(answer) > 0},
    "near": _hear_near,
}
