"""Text into words, the same way for products and for queries; it knows no index and no language but English stop words."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST_TEXT = 200
MOST_WORDS = 16
LONGEST_WORD = 40

START, END = "^", "$"
"""Mark a name's first word, before it, and its last, after it: so a phrase can ask for the beginning, or for all.

They are glued to the words, "^apple", as a word of their own would stand in every name and be slow to look for.
"""

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "you",
        "your",
    ]
)

# Marks which NFKC would spell out and so glue to the word before: Insignia™ is not "insigniatm".
_MARKS = str.maketrans(dict.fromkeys("™®©℠", " ") | dict.fromkeys("'’‘ʼ`´", ""))
# Letters which have no decomposition, though shoppers type them without their stroke.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
# Chinese and Japanese are written without spaces: each character is a word, and phrases do the rest.
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_IDEOGRAPH}]|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\w)|\d+(?:\.\d+)+[^\W_]*|[^\W_{_IDEOGRAPH}]+")
_BOUNDARY = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def fold(text: str) -> str:
    """One spelling for what a shopper takes to be the same: case, width and accents go, and so do broken characters."""
    if text.isascii():
        return text.lower().translate(_MARKS)
    whole = text.encode("utf-8", "replace").decode("utf-8")
    loose = unicodedata.normalize("NFKC", whole.translate(_MARKS)).casefold()
    bare = "".join(filter(_stays, unicodedata.normalize("NFD", loose)))
    return unicodedata.normalize("NFC", bare).translate(_STROKES).translate(_MARKS)


def _stays(character: str) -> bool:
    # The two marks which make ビ and ピ of ヒ are part of the letter.
    return unicodedata.category(character) != "Mn" or character in "\u3099\u309a"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What stood between two spaces: "Wi-Fi" is one chunk of two words."""

    words: tuple[str, ...]
    joined: str | None = None
    """The words written as one, where that is a likely spelling."""
    others: tuple[str, ...] = ()
    """Every other spelling worth finding it by."""


def chunks(text: str) -> list[Chunk]:
    return [chunk for raw in fold(text).split() if (chunk := _chunk(raw)).words]


# Few words make up most texts: this is half the time of indexing.
@lru_cache(maxsize=8192)
def _chunk(raw: str) -> Chunk:
    words = tuple(word.replace(",", "")[:LONGEST_WORD] for word in _WORD.findall(raw))
    joined = _joined(raw, words)
    parts = (part for word in words for part in halves(word) or ())
    return Chunk(words, joined, (*([joined] if joined else ()), *parts))


def _joined(raw: str, words: tuple[str, ...]) -> str | None:
    joined = "".join(words)
    if not 2 <= len(words) <= 3 or len(joined) > 24 or joined.isdigit() or joined == raw:
        return None
    # A slash or a comma lists things ("black/white"), unless what it parts is as short as in "A/C".
    lists = not set(raw) & set("-.&+") and max(map(len, words)) > 3
    return None if lists else joined


def halves(word: str) -> tuple[str, str] | None:
    """A model code at its first change between letters and digits: "iphone6s" is "iphone", "6s"; "4g" stays whole."""
    if len(word) <= 2 or word.isalpha() or not (cut := _BOUNDARY.search(word)):
        return None
    return word[: cut.start()], word[cut.start() :]


def name_words(name: str) -> list[str]:
    """A name as it is indexed: its words in order, its first and last again at both ends, then other spellings."""
    order: list[str] = []
    others: list[str] = []
    for chunk in chunks(name):
        order += chunk.words
        others += chunk.others
    return [START + order[0], *order, order[-1] + END, *others] if order else []


def is_mark(word: str) -> bool:
    """Whether it only says where a name begins or ends."""
    return word.startswith(START) or word.endswith(END)


def body_words(*texts: str) -> list[str]:
    """The words and other spellings of texts whose order does not matter."""
    found: list[str] = []
    for text in texts:
        for chunk in chunks(text):
            found += chunk.words
            found += chunk.others
    return found


def query_chunks(text: str) -> list[Chunk]:
    """The chunks of a query, cut to the first 200 characters and 16 words."""
    kept: list[Chunk] = []
    left = MOST_WORDS
    for chunk in chunks(text[:LONGEST_TEXT]):
        kept.append(chunk if len(chunk.words) <= left else Chunk(chunk.words[:left]))
        left -= len(kept[-1].words)
        if left == 0:
            break
    return kept


def has_words(text: str) -> bool:
    return bool(query_chunks(text))


def guessable(word: str) -> bool:
    """Whether a misspelt word may have meant this one. Codes are never guessed: a wrong one looks too right."""
    return 3 <= len(word) <= 30 and not is_mark(word) and 3 * len(digits(word)) <= len(word)


def digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))


def edits_allowed(word: str) -> int:
    """How many typing errors a word of this length may hold before it is another word."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


@lru_cache(maxsize=4096)
def edits(one: str, other: str) -> int:
    """Letters put in, left out, replaced or swapped with a neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row, earlier = row, [i], before
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
