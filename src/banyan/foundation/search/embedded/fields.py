"""The fields of a tantivy index of products: how a product becomes a row, and a question a tantivy query."""

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from math import log1p
from typing import Any

import tantivy
from tantivy import Filter, Occur, TextAnalyzerBuilder, Tokenizer
from tantivy import Query as Tree

from banyan.foundation.search import PATH, Document
from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Ask, Best, Every, Phrase, Prefix, Some, Word
from banyan.foundation.search.narrowing import EDGES, HIGHEST
from banyan.foundation.search.words import body_words, fold, is_mark, name_words

VERSION = "2"
"""Of the fields and of how texts become words. An index of another version is set aside and filled again."""

BETWEEN = "\x01"
"""Between a name and an id where both are one key: it sorts before anything a name holds."""

PLAIN_FIELDS = (rank.NAME, rank.LABEL, rank.KEYWORDS, rank.DESCRIPTION)
_STEMMED_FIELDS = (rank.NAME_STEM, rank.LABEL_STEM)
_LONGEST_LABEL = 200
_INITIAL = 7
"""Bytes of a name's beginning kept as a number: numbers are sorted at once, texts by reading each of them."""
_LONGEST_BODY = 50_000
_LOUDEST = 0.15
"""How much more a product scores for being the most popular there could be."""


def schema() -> tantivy.Schema:
    fields = tantivy.SchemaBuilder()
    fields.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    fields.add_text_field(rank.ALL, tokenizer_name="stems", index_option="basic")
    fields.add_text_field(rank.NAME, tokenizer_name="words", index_option="position")
    for field in PLAIN_FIELDS[1:]:
        fields.add_text_field(field, tokenizer_name="words", index_option="freq")
    for field in _STEMMED_FIELDS:
        fields.add_text_field(field, tokenizer_name="stems", index_option="freq")
    # A category is found by any name in its path; it is counted by path, which tells two "Accessories" apart.
    for field in ("brand", "category", "path"):
        fields.add_text_field(field, fast=field != "category", tokenizer_name="raw", index_option="basic")
    fields.add_text_field("name_key", fast=True, tokenizer_name="nothing", index_option="basic")
    # `band` is the step of EDGES a price lies on: counting equal numbers costs a fifth of counting between bounds.
    for field in ("price", "band", "popularity", "created", "initial"):
        fields.add_integer_field(field, fast=True)
    fields.add_boolean_field("available", indexed=True)
    fields.add_float_field("loudness", fast=True)
    fields.add_bytes_field("shown", stored=True)
    return fields.build()


def prepare(index: tantivy.Index) -> None:
    """Tell a newly opened index how texts become words: tantivy does not remember it."""
    index.register_tokenizer("words", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.register_tokenizer("stems", _stemmer())
    # A column to sort by needs no word list beside it, and tantivy has no text column without one.
    nothing = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.remove_long(0)).build()
    index.register_tokenizer("nothing", nothing)
    index.register_fast_field_tokenizer("nothing", TextAnalyzerBuilder(Tokenizer.raw()).build())
    # Reloaded by hand after each commit, which spares a thread that watches the folder.
    index.config_reader("manual")


def _stemmer() -> tantivy.TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


_stems = _stemmer()


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    return _stems.analyze(word)[0]


def is_text(value: str) -> bool:
    """Whether it is all whole characters: lone surrogates, which Python allows, are none for anybody else."""
    return value.isascii() or value.encode("utf-8", "replace").decode() == value


def label(text: str) -> str:
    """A brand or category as a value: whole characters only, of bounded length."""
    return text.encode("utf-8", "replace").decode()[:_LONGEST_LABEL].strip()


def number(value: int) -> int:
    return max(-HIGHEST, min(value, HIGHEST))


def name_key(name: str, id: str) -> str:
    """What sorting by name sorts by."""
    return f"{' '.join(fold(name).split())}{BETWEEN}{id}"


def row(document: Document) -> tuple[tantivy.Document, set[str]]:
    """A product as a row, and the words it holds. ValueError if its id is no text."""
    if not is_text(document.id):
        raise ValueError(f"{document.id!r} is no id: it holds half a character")
    names = [value for name in document.categories if (value := label(name))]
    paths = [PATH.join(names[:depth]) for depth in range(1, len(names) + 1)]
    name = name_words(document.name)
    tags = body_words(document.brand, *document.categories)
    keywords = body_words(document.keywords[:_LONGEST_BODY])
    description = body_words(document.description[:_LONGEST_BODY])
    held = {word for words in (name, tags, keywords, description) for word in words if not is_mark(word)}
    shown = label(document.name)
    key = name_key(shown, document.id)
    named, tagged = " ".join(name), " ".join(tags)
    fields: dict[str, Any] = {
        "id": document.id,
        rank.ALL: " ".join(held),
        rank.NAME: named,
        rank.NAME_STEM: named,
        rank.LABEL: tagged,
        rank.LABEL_STEM: tagged,
        rank.KEYWORDS: " ".join(keywords),
        rank.DESCRIPTION: " ".join(description),
        "brand": [value] if (value := label(document.brand)) else [],
        "category": sorted({*names, *paths}),
        "path": paths,
        "name_key": key,
        "initial": int.from_bytes(key.encode()[:_INITIAL].ljust(_INITIAL, b"\0")),
        "price": (price := max(0, number(document.price))),
        "band": bisect_right(EDGES, price) - 1,
        "popularity": number(document.popularity),
        "created": number(document.created),
        "available": document.available,
        "loudness": _loudness(document.popularity),
        "shown": shown.encode(),
    }
    return tantivy.Document(**fields), held


def _loudness(popularity: int) -> float:
    """The number which tantivy, multiplying scores by log2(2 + number), turns into a small bonus."""
    share = min(1.0, log1p(max(0, popularity)) / log1p(1_000_000))
    return float(2 ** (1 + _LOUDEST * share) - 2)


def translate(known: tantivy.Schema) -> Callable[[Ask], Tree]:
    """The questions of this schema as tantivy's queries. Terms are built, never parsed: no input is a syntax error."""

    def tree(ask: Ask) -> Tree:
        match ask:
            case Word(field, word, boost):
                term = word if field in PLAIN_FIELDS else stem(word)
                return Tree.boost_query(Tree.term_query(known, field, term, "freq"), boost)
            case Prefix(field, prefix, boost):
                begins = Tree.fuzzy_term_query(known, field, prefix, distance=0, prefix=True)
                return Tree.const_score_query(begins, boost)
            case Phrase(field, places, boost):
                return Tree.boost_query(Tree.phrase_query(known, field, list(places)), boost)
            case Every(parts):
                return Tree.boolean_query([(Occur.Must, tree(part)) for part in parts])
            case Some(parts, least):
                return Tree.boolean_query([(Occur.Should, tree(part)) for part in parts], least)
            case Best(parts):
                return Tree.disjunction_max_query([tree(part) for part in parts], 0.1)

    return tree
