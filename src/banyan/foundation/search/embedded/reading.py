"""Answers from one state of a tantivy index: nothing here writes, so any thread may ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import tantivy
from tantivy import FieldType, Occur, Order
from tantivy import Query as Tree

from banyan.foundation.search import PATH, Facet, PriceBand, Query, Results, Sort
from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Every, Prefix, Some, Word
from banyan.foundation.search.embedded.fields import translate
from banyan.foundation.search.embedded.labels import Labels
from banyan.foundation.search.embedded.vocabulary import Words
from banyan.foundation.search.narrowing import EDGES, HIGHEST, bands, facets, settled
from banyan.foundation.search.ranking import Attempt, attempts
from banyan.foundation.search.rows import BETWEEN, label, name_key, number, stem
from banyan.foundation.search.suggesting import choose, completes, typed
from banyan.foundation.search.words import LONGEST_TEXT, START, edits_allowed, has_words

_BY_NUMBER = {
    Sort.RELEVANCE: ("popularity", Order.Desc),
    Sort.PRICE: ("price", Order.Asc),
    Sort.PRICE_DOWN: ("price", Order.Desc),
    Sort.NEWEST: ("created", Order.Desc),
    Sort.NAME: ("initial", Order.Asc),
    Sort.POPULARITY: ("popularity", Order.Desc),
}
_TIES, _MOST_TIES = 30, 2_000
_FAR = 300
_MOST_GUESSES = 5
_ASKED, _ALL = 64, 60_000


@dataclass(frozen=True, slots=True)
class Answer:
    """All of an answer but its page."""

    found: Tree
    attempt: Attempt | None
    results: Results


class State:
    """One state of the index and the answers given from it, replaced as a whole after a commit."""

    def __init__(
        self, schema: tantivy.Schema, searcher: tantivy.Searcher, words: Words, labels: Labels | None = None
    ) -> None:
        self.labels = labels or Labels()
        self._reader = reader = _Reader(schema, searcher, words, self.labels)
        self.count = searcher.num_docs
        self.suggest = reader.suggest
        # Shoppers turn pages and change the order; and most of them begin at the same few lists.
        self._answer = lru_cache(maxsize=256)(reader.answer)

    def search(self, query: Query) -> Results:
        asked = replace(query, text=query.text[:LONGEST_TEXT], sort=Sort.RELEVANCE, offset=0, limit=0)
        return self._reader.page(self._answer(asked), query)


class _Reader:
    """Reads one state of the index. It is the Vocabulary which ranking asks."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher, words: Words, labels: Labels) -> None:
        self._schema = schema
        self._searcher = searcher
        self._words = words
        self._labels = labels
        self._tree = translate(schema)

    def uses(self, word: str) -> int:
        return self._searcher.doc_freq(rank.ALL, stem(word))

    def begins(self, prefix: str) -> bool:
        fields = (rank.NAME, rank.LABEL, rank.KEYWORDS)
        return any(self._searcher.terms_with_prefix(field, prefix, limit=1) for field in fields)

    def near(self, word: str, distance: int) -> Iterable[str]:
        return self._words.near(word, distance)

    def page(self, answer: Answer, query: Query) -> Results:
        start, end = query.offset, min(query.offset + query.limit, answer.results.total)
        if start >= end:
            return answer.results
        if query.sort is Sort.RELEVANCE and answer.attempt:
            ids = self._page_by_score(answer.found, answer.attempt, start, end)
        else:
            ids = self._page_by_number(answer.found, query.sort, start, end)
        return replace(answer.results, ids=tuple(ids))

    def answer(self, query: Query) -> Answer:
        filters = self._filters(query)
        attempt: Attempt | None = None
        for attempt in attempts(query.text, self):
            matching = self._tree(attempt.found_by)
            found = _all_of(matching, *filters.values())
            total = self._total(found)
            # Filters have no say in which reading it is: they narrow what the words mean, and do not change it.
            if total or (filters and self._total(matching)):
                break
        else:
            if has_words(query.text):
                return Answer(Tree.empty_query(), None, Results((), 0))
            attempt, matching = None, Tree.all_query()
            found = _all_of(matching, *filters.values())
            total = self._total(found) if filters else self._searcher.num_docs
        brands, categories, prices = self._facets(matching, filters)
        corrected = self._corrected(matching, attempt) if attempt else None
        return Answer(found, attempt, Results((), total, brands, categories, prices, corrected))

    def _total(self, tree: Tree) -> int:
        counted = self._searcher.search(Tree.const_score_query(tree, 0.0), 1)
        return int(counted.count)  # type: ignore[attr-defined]  # tantivy's stub forgets it

    def _corrected(self, matching: Tree, attempt: Attempt) -> str | None:
        if not any(part.guesses for part in attempt.parts):
            return None
        ((_, best),) = self._by_score(matching, attempt, 1)
        this = Tree.term_query(self._schema, "id", self._id(best))
        return attempt.corrected(lambda word: self._total(_all_of(this, self._tree(Word(rank.ALL, word)))) > 0)

    # Filters.

    def _filters(self, query: Query) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        if query.brands:
            found["brand"] = Tree.term_set_query(self._schema, "brand", [label(brand) for brand in query.brands])
        if query.category:
            found["path"] = Tree.term_query(self._schema, "category", label(query.category))
        if query.price_min is not None or query.price_max is not None:
            low = number(query.price_min or 0)
            high = number(HIGHEST if query.price_max is None else query.price_max)
            found["price"] = self._between("price", low, high)
        if query.available_only:
            found["available"] = Tree.term_query(self._schema, "available", True)
        return found

    def _between(self, field: str, low: int, high: int) -> Tree:
        return Tree.range_query(self._schema, field, FieldType.Integer, low, high)

    # Pages.

    def _page_by_score(self, found: Tree, attempt: Attempt, start: int, end: int) -> list[str]:
        """Reads on past the page while scores are equal, for the ties to go by id; thousands of ties stay as they are."""
        ahead = _TIES
        while True:
            hits = self._by_score(found, attempt, end + ahead)
            # The last digits of a score hang on the order in which it was summed up.
            scores = [float(f"{score:.5g}") for score, _ in hits]
            first, last = scores.index(scores[start]), end
            while last < len(hits) and scores[last] == scores[end - 1]:
                last += 1
            if last < len(hits) or len(hits) < end + ahead or ahead >= _MOST_TIES:
                break
            ahead *= 8
        tied = sorted((-scores[at], self._id(hits[at][1])) for at in range(first, last))
        return [name for _, name in tied[start - first : end - first]]

    def _by_score(self, found: Tree, attempt: Attempt, limit: int) -> list[tuple[Any, tantivy.DocAddress]]:
        ranked = [(Occur.Should, self._tree(ask)) for ask in attempt.ranked_by]
        scored = Tree.boolean_query([(Occur.Must, Tree.const_score_query(found, 0.0)), *ranked])
        return self._searcher.search(scored, limit, count=False, weight_by_field="loudness").hits

    def _page_by_number(self, found: Tree, sort: Sort, start: int, end: int) -> list[str]:
        """Sorted by number in the index, and here by what decides between equals; unless they go on past the page."""
        field, order = _BY_NUMBER[sort]
        hits = self._searcher.search(found, end + 1, count=False, order_by_field=field, order=order).hits
        numbers = [number for number, _ in hits]
        page: list[str] = []
        while (at := start + len(page)) < end:
            first = numbers.index(numbers[at])
            after = next((later for later in range(at, len(hits)) if numbers[later] != numbers[at]), len(hits))
            if after == len(hits) == end + 1:
                equal = _all_of(found, self._between(field, numbers[at], numbers[at]))
                page += self._tied(sort, equal, at - first, end - first)
            else:
                page += self._in_order(sort, [hit for _, hit in hits[first:after]])[at - first : end - first]
        return page

    def _tied(self, sort: Sort, equal: Tree, start: int, end: int) -> list[str]:
        """A part of a group of equals. The index sorts texts by reading them slowly: far into a group, all are read here."""
        if end > _FAR:
            all_of_them = self._searcher.search(equal, self._total(equal), count=False).hits
            return self._in_order(sort, [hit for _, hit in all_of_them])[start:end]
        key = "name_key" if sort is Sort.NAME else "id"
        ordered = self._searcher.search(
            equal, end - start, count=False, order_by_field=key, offset=start, order=Order.Asc
        )
        return [str(text).rpartition(BETWEEN)[2] for text, _ in ordered.hits]

    def _in_order(self, sort: Sort, places: Iterable[tantivy.DocAddress]) -> list[str]:
        if sort is not Sort.NAME:
            return sorted(map(self._id, places))
        products = map(self._searcher.doc, places)
        keys = sorted(name_key(product["shown"][0].decode(), product["id"][0]) for product in products)
        return [key.rpartition(BETWEEN)[2] for key in keys]

    def _id(self, place: tantivy.DocAddress) -> str:
        return str(self._searcher.doc(place)["id"][0])

    # Facets.

    def _facets(
        self, matching: Tree, filters: Mapping[str, Tree]
    ) -> tuple[tuple[Facet, ...], tuple[Facet, ...], tuple[PriceBand, ...]]:
        """Each without the filter on itself; those no filter concerns are counted in one go."""
        counts: dict[str, Any] = {}
        free = [field for field in _COUNTED if field not in filters]
        for fields in (free, *([field] for field in filters if field in _COUNTED)):
            asked = {field: _COUNTED[field] for field in fields}
            others = _all_of(matching, *(tree for field, tree in filters.items() if field not in fields))
            if asked:
                counts |= self._searcher.aggregate(others, asked)
            for field in {"brand", "path"} & set(asked):
                values = self._values(field, counts[field])
                if not settled(values, _ASKED):
                    # So many values tie for the twentieth place that their names must decide.
                    all_of_them = self._searcher.aggregate(others, {field: _counting(field, _ALL)})
                    values = self._values(field, all_of_them[field])
                counts[field] = facets(values)
        steps = {bucket["key"]: bucket["doc_count"] for bucket in counts["price"]["buckets"]}
        return counts["brand"], counts["path"], bands([steps.get(step, 0) for step in range(len(EDGES) - 1)])

    def _values(self, field: str, counted: Mapping[str, Any]) -> list[tuple[str, int]]:
        """The most frequent first; of equals by name."""
        text, searcher = self._labels.text, self._searcher
        named = [(text(searcher, field, bucket["key"]), bucket["doc_count"]) for bucket in counted["buckets"]]
        return sorted(named, key=lambda it: (-it[1], it[0]))

    # Suggestions.

    def suggest(self, prefix: str, limit: int) -> tuple[str, ...]:
        words = typed(prefix)
        if not words or limit <= 0:
            return ()
        if found := self._completions(words, limit):
            return found
        near = self._words.near(words[-1], 1, beginning=True) if edits_allowed(words[-1]) else []
        for other in sorted(near, key=lambda word: (-self.uses(word), word))[:_MOST_GUESSES]:
            if found := self._completions([*words[:-1], other], limit):
                return found
        return ()

    def _completions(self, words: list[str], limit: int) -> tuple[str, ...]:
        """At most half of them brands and categories, then names: those beginning with the words before others."""
        before = [Some((Word(rank.NAME, word), Word(rank.LABEL_STEM, word))) for word in words[:-1]]
        labelled = self._tree(Every((*before, Prefix(rank.LABEL, words[-1]))))
        named = self._tree(Every((*before, Prefix(rank.NAME, words[-1]))))
        counts = self._searcher.aggregate(labelled, {field: _COUNTED[field] for field in ("brand", "path")})
        labels = [
            value.rpartition(PATH)[2]
            for field in ("brand", "path")
            for value, _ in self._values(field, counts[field])
            if completes(value.rpartition(PATH)[2], words)
        ]
        beginning = self._beginning(words)
        names = [self._names(_all_of(named, beginning), limit), self._names(named, 2 * limit)]
        return choose([labels[: max(1, limit // 2)], *names, labels], limit)

    def _beginning(self, words: list[str]) -> Tree:
        if len(words) == 1:
            return self._tree(Prefix(rank.NAME, START + words[0]))
        # The first word stands twice at a name's beginning: as such and as itself.
        rest: list[str | tuple[int, str]] = [(place, word) for place, word in enumerate(words[1:], 2)]
        return Tree.phrase_prefix_query(self._schema, rank.NAME, [(0, START + words[0]), *rest])

    def _names(self, found: Tree, limit: int) -> list[str]:
        hits = self._searcher.search(found, limit, count=False, order_by_field="popularity").hits
        return [self._searcher.doc(place)["shown"][0].decode() for _, place in hits]


def _all_of(first: Tree, *others: Tree) -> Tree:
    return Tree.boolean_query([(Occur.Must, tree) for tree in (first, *others)]) if others else first


def _counting(field: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": f"{field}_number", "size": size, "segment_size": _ALL}}


_COUNTED: dict[str, dict[str, Any]] = {
    "brand": _counting("brand", _ASKED),
    "path": _counting("path", _ASKED),
    "price": {"terms": {"field": "band", "size": len(EDGES), "segment_size": len(EDGES)}},
}
