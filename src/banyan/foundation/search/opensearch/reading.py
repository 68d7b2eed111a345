"""Searches and suggestions as requests: one for a list, one more for the words of a query that nobody asked just now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

from banyan.foundation.search import PATH, Query, Results, Sort
from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Every, Prefix, Some, Word
from banyan.foundation.search.narrowing import EDGES, HIGHEST, MOST_VALUES, bands, facets
from banyan.foundation.search.opensearch.fields import (
    LONGEST_START,
    MARK,
    PRODUCTS,
    STARTS,
    all_of,
    scored,
    tree,
)
from banyan.foundation.search.opensearch.server import Server
from banyan.foundation.search.opensearch.vocabulary import Vocabulary, heard, near
from banyan.foundation.search.ranking import Attempt
from banyan.foundation.search.rows import label, number, stem
from banyan.foundation.search.suggesting import choose, completes, typed
from banyan.foundation.search.words import LONGEST_TEXT, START, edits_allowed, has_words

_ORDERS: Mapping[Sort, list[Any]] = {
    Sort.RELEVANCE: [{"popularity": "desc"}, "id"],
    Sort.PRICE: ["price", "id"],
    Sort.PRICE_DOWN: [{"price": "desc"}, "id"],
    Sort.NEWEST: [{"created": "desc"}, "id"],
    Sort.NAME: ["name_key"],
    Sort.POPULARITY: [{"popularity": "desc"}, "id"],
}
_BY_SCORE: list[Any] = [{"_score": "desc"}, "id"]
_COUNTED: dict[str, Any] = {
    "brand": {"terms": {"field": "brand", "size": MOST_VALUES}},
    "path": {"terms": {"field": "path", "size": MOST_VALUES}},
    "price": {"terms": {"field": "band", "size": len(EDGES)}},
}
_LABELS: dict[str, Any] = {name: {"terms": {"field": name, "size": 64}} for name in ("brand", "path")}
_MOST_GUESSES = 5


class Reader:
    """Asks what the alias stands for at this moment."""

    def __init__(self, server: Server, alias: str, words: Vocabulary) -> None:
        self._server = server
        self._alias = alias
        self._words = words

    async def search(self, query: Query) -> Results:
        text = query.text[:LONGEST_TEXT]
        if not has_words(text):
            (answer,) = await self._ask([_body(query, None)], text)
            return _results(answer)
        tried = 0
        # Nearly always the first reading finds something; the others are only thought of when it does not.
        for most in (1, None):
            readings = (await self._words.readings(text, most))[tried:]
            if found := await self._first(readings, query, text):
                return found
            tried = len(readings)
        return Results((), 0)

    async def _first(self, readings: list[Attempt], query: Query, text: str) -> Results | None:
        """The results of the first reading that finds something. Filters have no say in which that is."""
        bodies = []
        for attempt in readings:
            bodies.append(_body(query, attempt))
            if _guesses(attempt):
                bodies.append(_best(attempt))
        answers = iter(await self._ask(bodies, text) if bodies else ())
        for attempt in readings:
            answer = next(answers)
            best = next(answers) if _guesses(attempt) else None
            results = _results(answer)
            if results.total or answer["aggregations"].get("matching", {}).get("doc_count"):
                return replace(results, corrected=_corrected(attempt, best)) if best else results
        return None

    async def suggest(self, prefix: str, limit: int) -> tuple[str, ...]:
        words = typed(prefix)
        if not words or limit <= 0:
            return ()
        if found := await self._completions([words], limit):
            return found
        last = words[-1][:LONGEST_START]
        if not edits_allowed(last):
            return ()
        (answer,) = await self._ask([near(STARTS, last, 1, 3 * _MOST_GUESSES)], prefix)
        likely = sorted(heard(answer), key=lambda it: (-it[1], it[0]))[:_MOST_GUESSES]
        return await self._completions([[*words[:-1], other] for other, _ in likely], limit) if likely else ()

    async def _completions(self, guesses: list[list[str]], limit: int) -> tuple[str, ...]:
        """Of the first of these that has any. At most half are brands and categories; then names, those beginning so first."""
        answers = await self._ask([body for words in guesses for body in _completing(words, limit)], guesses[0][-1])
        for at, words in enumerate(guesses):
            labelled, *named = answers[3 * at : 3 * at + 3]
            values = [bucket["key"] for field in _LABELS for bucket in labelled["aggregations"][field]["buckets"]]
            labels = [name for value in values if completes(name := value.rpartition(PATH)[2], words)]
            names = [[hit["_source"]["shown"] for hit in _hits(each)] for each in named]
            if found := choose([labels[: max(1, limit // 2)], *names, labels], limit):
                return found
        return ()

    async def _ask(self, bodies: list[dict[str, Any]], text: str) -> list[Any]:
        # Copies of an index differ in what they have merged, and so by a hair in their scores: who turns pages stays.
        return await self._server.ask_all(self._alias, bodies, alike=f"t{crc32(text.encode('utf-8', 'replace')):x}")


def _body(query: Query, attempt: Attempt | None) -> dict[str, Any]:
    filters = _filters(query)
    by_score = attempt is not None and query.sort is Sort.RELEVANCE
    found = PRODUCTS if attempt is None else tree(attempt.found_by)
    body: dict[str, Any] = {
        "query": scored(attempt) if attempt is not None and by_score else all_of(found),
        "from": query.offset,
        "size": query.limit,
        "sort": _BY_SCORE if by_score else _ORDERS[query.sort],
        "_source": False,
        "track_total_hits": True,
        "aggs": _counting(filters),
    }
    if filters:
        body["post_filter"] = all_of(*filters.values())
        body["aggs"]["matching"] = {"filter": {"match_all": {}}}
    return body


def _filters(query: Query) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if query.brands:
        found["brand"] = {"terms": {"brand": [label(brand) for brand in query.brands]}}
    if query.category:
        found["path"] = {"term": {"category": label(query.category)}}
    if query.price_min is not None or query.price_max is not None:
        high = HIGHEST if query.price_max is None else query.price_max
        found["price"] = {"range": {"price": {"gte": number(query.price_min or 0), "lte": number(high)}}}
    if query.available_only:
        found["available"] = {"term": {"available": True}}
    return found


def _counting(filters: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Each facet without the filter on itself; those no filter concerns are counted in one go."""
    aggs: dict[str, Any] = {}
    free = [field for field in _COUNTED if field not in filters]
    for fields in (free, *([field] for field in filters if field in _COUNTED)):
        counted = {field: _COUNTED[field] for field in fields}
        others = [filter for field, filter in filters.items() if field not in fields]
        if others and counted:
            aggs["+".join(fields)] = {"filter": all_of(*others), "aggs": counted}
        else:
            aggs |= counted
    return aggs


def _results(answer: Any) -> Results:
    counts: dict[str, list[Any]] = {}
    for name, counted in answer["aggregations"].items():
        if "buckets" in counted:
            counts[name] = counted["buckets"]
        elif name != "matching":
            counts |= {field: counted[field]["buckets"] for field in name.split("+")}
    steps = {bucket["key"]: bucket["doc_count"] for bucket in counts["price"]}
    brands, paths = (
        facets((bucket["key"], bucket["doc_count"]) for bucket in counts[field]) for field in ("brand", "path")
    )
    return Results(
        ids=tuple(hit["_id"].removeprefix(MARK) for hit in _hits(answer)),
        total=answer["hits"]["total"]["value"],
        brands=brands,
        categories=paths,
        prices=bands([steps.get(step, 0) for step in range(len(EDGES) - 1)]),
    )


def _hits(answer: Any) -> list[Any]:
    hits: list[Any] = answer.get("hits", {}).get("hits", [])  # what is empty is left out of an answer
    return hits


def _guesses(attempt: Attempt) -> bool:
    return any(part.guesses for part in attempt.parts)


def _best(attempt: Attempt) -> dict[str, Any]:
    return {"size": 1, "_source": [rank.ALL], "query": scored(attempt), "sort": _BY_SCORE, "track_total_hits": False}


def _corrected(attempt: Attempt, best: Any) -> str | None:
    (first,) = _hits(best)
    held = set(first["_source"][rank.ALL].split())
    return attempt.corrected(lambda word: stem(word) in held)


def _completing(words: list[str], limit: int) -> list[dict[str, Any]]:
    """Three questions: brands and categories, names that begin so, and names that hold it."""
    before = [Some((Word(rank.NAME, word), Word(rank.LABEL_STEM, word))) for word in words[:-1]]
    labelled = tree(Every((*before, Prefix(rank.LABEL, words[-1]))))
    named = tree(Every((*before, Prefix(rank.NAME, words[-1]))))
    return [
        {"size": 0, "track_total_hits": False, "query": all_of(labelled), "aggs": _LABELS},
        _names([named, *_beginning(words)], limit),
        _names([named], 2 * limit),
    ]


def _beginning(words: list[str]) -> list[dict[str, Any]]:
    if len(words) == 1:
        return [tree(Prefix(rank.NAME, START + words[0]))]
    # The first word stands twice at a name's beginning: as such and as itself.
    return [{"match_phrase_prefix": {rank.NAME: f"{START}{words[0]} {' '.join(words)}"}}]


def _names(queries: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    by_popularity: list[Any] = [{"popularity": "desc"}, "id"]
    query = all_of(*queries)
    return {"size": limit, "track_total_hits": False, "query": query, "sort": by_popularity, "_source": ["shown"]}
