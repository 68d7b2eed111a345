"""The words of an index, in memory: to find what a misspelt word may have meant in less than a millisecond."""

from collections.abc import Iterable

import tantivy
from tantivy import Query as Tree

from banyan.foundation.search.embedded.fields import PLAIN_FIELDS
from banyan.foundation.search.words import guessable

_HEAP = 15_000_000
_MOST_NEAR = 200


class Words:
    """A tantivy index of its own with a row for each word: its automaton finds neighbours of a word quickly.

    Words are only ever added; one that is in no product any more is told by its use, which the products know.
    """

    def __init__(self) -> None:
        fields = tantivy.SchemaBuilder()
        fields.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
        self._schema = fields.build()
        self._index = tantivy.Index(self._schema)
        self._index.config_reader("manual")
        self._searcher = self._index.searcher()

    @classmethod
    def of(cls, products: tantivy.Searcher) -> "Words":
        words = cls()
        words.learn(products)
        return words

    def learn(self, products: tantivy.Searcher) -> None:
        """All words of these products. It takes a look at each word, new or not."""
        for field in PLAIN_FIELDS:
            self.add({word for word, _ in products.terms_with_prefix(field, "")})

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def new(self, words: Iterable[str]) -> set[str]:
        """Those worth guessing which are not here yet."""
        return {word for word in words if guessable(word) and not self._searcher.doc_freq("word", word)}

    def add(self, words: Iterable[str]) -> None:
        fresh = self.new(words)
        if not fresh:
            return
        writer = self._index.writer(_HEAP, 1)
        for word in fresh:
            writer.add_document(tantivy.Document(word=word))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def near(self, word: str, distance: int, *, beginning: bool = False) -> list[str]:
        """Words so many typing errors away, or words which begin so."""
        close = Tree.fuzzy_term_query(self._schema, "word", word, distance, prefix=beginning)
        searcher = self._searcher
        hits = searcher.search(close, _MOST_NEAR, count=False).hits
        return [searcher.doc(place)["word"][0] for _, place in hits]
