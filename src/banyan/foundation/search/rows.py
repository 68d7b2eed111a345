"""A product as any index holds it: words by field, values to filter and count by, numbers to sort by."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from math import log1p

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from banyan.foundation.search import PATH, Document
from banyan.foundation.search.narrowing import EDGES, HIGHEST
from banyan.foundation.search.words import body_words, fold, is_mark, name_words

BETWEEN = "\x01"
"""Between a name and an id where both are one key: it sorts before anything a name holds."""

_LONGEST_LABEL = 200
_LONGEST_BODY = 50_000
_LOUDEST = 0.15
"""How much more a product scores for being the most popular there could be."""


@dataclass(frozen=True, slots=True)
class Row:
    """All of a product that can be looked for; `named` holds the marks of its first and last word as well."""

    id: str
    named: list[str]
    tagged: list[str]
    """Words of its brand and categories."""
    keywords: list[str]
    description: list[str]
    held: set[str]
    """Each word of it once, without marks."""
    shown: str
    brand: str
    category: list[str]
    """Names in its path, and paths: by any of them it is found."""
    paths: list[str]
    """By these it is counted: two "Accessories" are two."""
    price: int
    band: int
    """The step of EDGES on which its price lies."""
    popularity: int
    created: int
    available: bool
    loudness: float
    """What its score is multiplied with."""

    @property
    def key(self) -> str:
        return name_key(self.shown, self.id)


def row(document: Document) -> Row:
    """A product as a row. ValueError if its id is no text."""
    if not is_text(document.id):
        raise ValueError(f"{document.id!r} is no id: it holds half a character")
    names = [value for name in document.categories if (value := label(name))]
    paths = [PATH.join(names[:depth]) for depth in range(1, len(names) + 1)]
    named = name_words(document.name)
    tagged = body_words(document.brand, *document.categories)
    keywords = body_words(document.keywords[:_LONGEST_BODY])
    description = body_words(document.description[:_LONGEST_BODY])
    price = max(0, number(document.price))
    return Row(
        id=document.id,
        named=named,
        tagged=tagged,
        keywords=keywords,
        description=description,
        held={word for words in (named, tagged, keywords, description) for word in words if not is_mark(word)},
        shown=label(document.name),
        brand=label(document.brand),
        category=sorted({*names, *paths}),
        paths=paths,
        price=price,
        band=bisect_right(EDGES, price) - 1,
        popularity=number(document.popularity),
        created=number(document.created),
        available=document.available,
        loudness=1 + _LOUDEST * min(1.0, log1p(max(0, document.popularity)) / log1p(1_000_000)),
    )


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


def stemmer() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


_stems = stemmer()


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The English stem of a word, the same for every index."""
    return _stems.analyze(word)[0]
