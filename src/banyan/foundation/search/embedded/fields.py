"""The fields of a tantivy index of products: how a product becomes a row, and a question a tantivy query."""

from collections.abc import Callable
from typing import Any

import tantivy
from tantivy import Filter, Occur, TextAnalyzerBuilder, Tokenizer
from tantivy import Query as Tree

from banyan.foundation.search import Document, rows
from banyan.foundation.search import ranking as rank
from banyan.foundation.search.asking import Ask, Best, Every, Phrase, Prefix, Some, Word
from banyan.foundation.search.embedded.labels import number_of
from banyan.foundation.search.rows import stem

VERSION = "3"
"""Of the fields and of how texts become words. An index of another version is set aside and filled again."""

PLAIN_FIELDS = (rank.NAME, rank.LABEL, rank.KEYWORDS, rank.DESCRIPTION)
_STEMMED_FIELDS = (rank.NAME_STEM, rank.LABEL_STEM)
_INITIAL = 7
"""Bytes of a name's beginning kept as a number: numbers are sorted at once, texts by reading each of them."""


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
        fields.add_text_field(field, tokenizer_name="raw", index_option="basic")
    fields.add_text_field("name_key", fast=True, tokenizer_name="nothing", index_option="basic")
    # `band` is the step of EDGES a price lies on: counting equal numbers costs a fifth of counting between bounds.
    for field in ("price", "band", "popularity", "created", "initial", "brand_number", "path_number"):
        fields.add_integer_field(field, fast=True)
    fields.add_boolean_field("available", indexed=True)
    fields.add_float_field("loudness", fast=True)
    fields.add_bytes_field("shown", stored=True)
    return fields.build()


def prepare(index: tantivy.Index) -> None:
    """Tell a newly opened index how texts become words: tantivy does not remember it."""
    index.register_tokenizer("words", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.register_tokenizer("stems", rows.stemmer())
    # A column to sort by needs no word list beside it, and tantivy has no text column without one.
    nothing = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.remove_long(0)).build()
    index.register_tokenizer("nothing", nothing)
    index.register_fast_field_tokenizer("nothing", TextAnalyzerBuilder(Tokenizer.raw()).build())
    # Reloaded by hand after each commit, which spares a thread that watches the folder.
    index.config_reader("manual")


def row(document: Document) -> tuple[tantivy.Document, set[str]]:
    """A product as a row, and the words it holds. ValueError if its id is no text."""
    it = rows.row(document)
    named, tagged = " ".join(it.named), " ".join(it.tagged)
    fields: dict[str, Any] = {
        "id": it.id,
        rank.ALL: " ".join(it.held),
        rank.NAME: named,
        rank.NAME_STEM: named,
        rank.LABEL: tagged,
        rank.LABEL_STEM: tagged,
        rank.KEYWORDS: " ".join(it.keywords),
        rank.DESCRIPTION: " ".join(it.description),
        "brand": [it.brand] if it.brand else [],
        "category": it.category,
        "path": it.paths,
        "brand_number": [number_of(it.brand)] if it.brand else [],
        "path_number": [number_of(path) for path in it.paths],
        "name_key": it.key,
        "initial": int.from_bytes(it.key.encode()[:_INITIAL].ljust(_INITIAL, b"\0")),
        "price": it.price,
        "band": it.band,
        "popularity": it.popularity,
        "created": it.created,
        "available": it.available,
        # tantivy multiplies scores by log2(2 + number).
        "loudness": float(2**it.loudness - 2),
        "shown": it.shown.encode(),
    }
    return tantivy.Document(**fields), it.held


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
