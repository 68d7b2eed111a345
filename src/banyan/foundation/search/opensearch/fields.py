"""The fields of an OpenSearch index of products: how a product becomes a document, and a question a query.

Words are made here and not by the server: the same as any other backend makes, and no plugin is needed for it.
"""

from collections.abc import Iterable
from typing import Any

from banyan.foundation.search import Document, rows
from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Ask, Best, Every, Phrase, Prefix, Some, Word
from banyan.foundation.search.ranking import Attempt
from banyan.foundation.search.rows import stem
from banyan.foundation.search.words import guessable

VERSION = 1
"""Of the fields and of how texts become words. Each version has an index of its own."""

POSITION = "position"
"""The id of the one document that is no product. Those of products begin with a mark, so that none can be called so."""
MARK = "="
_LONGEST_ID = 500  # bytes; the server takes 512

WORDS, STARTS = "words", "starts"
"""Every word worth guessing; and the beginnings of words in names and labels, for what is typed in part."""
SHORTEST_START, LONGEST_START = 3, 12

PRODUCTS = {"term": {"product": True}}

_PLAIN = frozenset((rank.NAME, rank.LABEL, rank.KEYWORDS, rank.DESCRIPTION))


def index() -> dict[str, Any]:
    """Settings and mapping. One shard: facets stay exact, and a shard holds millions of products."""
    return {
        "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "-1"},
        "mappings": {
            "dynamic": "strict",
            # The rest is read from the index; nobody asks for the texts back.
            "_source": {"includes": [rank.ALL, "shown", POSITION]},
            "properties": {
                **{name: _text("docs", norms=False) for name in (rank.ALL, WORDS, STARTS)},
                rank.NAME: _text("positions"),
                **{
                    name: _text("freqs")
                    for name in (rank.NAME_STEM, rank.LABEL, rank.LABEL_STEM, rank.KEYWORDS, rank.DESCRIPTION)
                },
                **{name: {"type": "keyword"} for name in ("id", "brand", "category", "path")},
                "name_key": {"type": "keyword", "index": False},
                **{name: {"type": "long"} for name in ("price", "popularity", "created")},
                "band": {"type": "integer"},
                "loudness": {"type": "float", "index": False},
                **{name: {"type": "boolean"} for name in ("available", "product")},
                **{name: {"type": "keyword", "index": False, "doc_values": False} for name in ("shown", POSITION)},
            },
        },
    }


def _text(options: str, *, norms: bool = True) -> dict[str, Any]:
    return {"type": "text", "analyzer": "whitespace", "index_options": options, "norms": norms}


def key(id: str) -> str:
    """The server's id of a product. ValueError where it is longer than the server takes."""
    if len(id.encode()) > _LONGEST_ID:
        raise ValueError(f"{id[:40]!r}… is no id: it is longer than {_LONGEST_ID} bytes")
    return MARK + id


def document(product: Document) -> tuple[str, dict[str, Any]]:
    """A product as a document with its id. ValueError if the product's id is none."""
    it = rows.row(product)
    return key(it.id), {
        "product": True,
        "id": it.id,
        rank.ALL: " ".join({*map(stem, it.held)}),
        WORDS: " ".join(filter(guessable, it.held)),
        STARTS: " ".join(_starts(it.named, it.tagged)),
        rank.NAME: " ".join(it.named),
        rank.NAME_STEM: " ".join(map(stem, it.named)),
        rank.LABEL: " ".join(it.tagged),
        rank.LABEL_STEM: " ".join(map(stem, it.tagged)),
        rank.KEYWORDS: " ".join(it.keywords),
        rank.DESCRIPTION: " ".join(it.description),
        "brand": it.brand or None,
        "category": it.category,
        "path": it.paths,
        "name_key": it.key,
        "price": it.price,
        "band": it.band,
        "popularity": it.popularity,
        "created": it.created,
        "available": it.available,
        "loudness": it.loudness,
        "shown": it.shown,
    }


def _starts(*texts: Iterable[str]) -> set[str]:
    words = {word for text in texts for word in text if guessable(word)}
    return {word[:size] for word in words for size in range(SHORTEST_START, min(len(word), LONGEST_START) + 1)}


def tree(ask: Ask) -> dict[str, Any]:
    """A question as a query. Terms are built, never parsed: no input is a syntax error."""
    match ask:
        case Word(field, word, boost):
            return {"term": {field: {"value": word if field in _PLAIN else stem(word), "boost": boost}}}
        case Prefix(field, prefix, boost):
            return {"prefix": {field: {"value": prefix, "boost": boost}}}
        case Phrase(field, places, boost):
            return _phrase(field, places, boost)
        case Every(parts):
            return {"bool": {"must": list(map(tree, parts))}}
        case Some(parts, least):
            return {"bool": {"should": list(map(tree, parts)), "minimum_should_match": least}}
        case Best(parts):
            return {"dis_max": {"queries": list(map(tree, parts)), "tie_breaker": 0.1}}


def _phrase(field: str, places: tuple[tuple[int, str], ...], boost: float) -> dict[str, Any]:
    if [place for place, _ in places] == list(range(len(places))):
        return {"match_phrase": {field: {"query": " ".join(word for _, word in places), "boost": boost}}}
    clauses: list[dict[str, Any]] = []
    after = 0
    for place, word in places:
        if place > after:
            clauses.append({"span_gap": {field: place - after}})
        clauses.append({"span_term": {field: word}})
        after = place + 1
    return {"span_near": {"clauses": clauses, "slop": 0, "in_order": True, "boost": boost}}


def scored(attempt: Attempt) -> dict[str, Any]:
    """What is found by it, each with its score: how well it matches, and a little for its popularity."""
    ranked = {"filter": [tree(attempt.found_by)], "should": list(map(tree, attempt.ranked_by))}
    loud = {"field": "loudness", "missing": 1}
    return {"function_score": {"query": {"bool": ranked}, "field_value_factor": loud, "boost_mode": "multiply"}}


def all_of(*queries: dict[str, Any]) -> dict[str, Any]:
    """All of these, without a score."""
    return {"bool": {"filter": list(queries)}}
