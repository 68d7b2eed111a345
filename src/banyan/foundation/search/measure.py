"""How well a search finds what is known to be there: measured over any backend, with the caller's dice."""

from collections import Counter
from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from itertools import islice
from string import ascii_lowercase
from typing import Protocol, TypeVar

from banyan.foundation.search import Query, Search
from banyan.foundation.search.words import fold

T = TypeVar("T")

WORDS, FIRST = 5, 10


class Dice(Protocol):
    """What a `random.Random` offers, as far as it is needed here."""

    def randrange(self, stop: int, /) -> int: ...

    def shuffle(self, x: MutableSequence[T], /) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Of `asked` queries, `found` brought what they had to; `missed` are the others, in words."""

    asked: int
    found: int
    missed: tuple[str, ...]
    ceiling: float = 1.0
    """The share to be expected of a search without fault: of thirty names that begin alike, ten are in the first ten."""

    @property
    def share(self) -> float:
        return self.found / self.asked if self.asked else 1.0


async def known_items(
    search: Search, products: Iterable[tuple[str, str]], dice: Dice, *, sample: int = 300, typing_error: bool = False
) -> Found:
    """Whether the first five words of a product's name bring it into the first ten, for a sample of (id, name).

    Only names which one product alone has are sampled, and a lone dash is no word. With `typing_error`, one letter
    of the longest word is replaced, left out, put in or swapped with the next.
    """
    known = list(products)
    shared = Counter(name for _, name in known)
    # "FRĒ Case" and "frē case" are one to a shopper's search, and so they share its first ten places.
    alike = Counter(fold(" ".join(_beginning(name))) for _, name in known)
    unique = sorted((name, product) for product, name in known if shared[name] == 1 and _beginning(name))
    dice.shuffle(unique)
    missed = []
    for name, product in unique[:sample]:
        words = _beginning(name)
        text = " ".join(mistyped(words, dice) if typing_error else words)
        results = await search.search(Query(text=text, limit=FIRST))
        if product not in results.ids:
            missed.append(f"{text} ({name})")
    asked = len(unique[:sample])
    likely = sum(min(1.0, FIRST / alike[fold(" ".join(_beginning(name)))]) for name, _ in unique[:sample])
    return Found(asked, asked - len(missed), tuple(missed), likely / asked if asked else 1.0)


def _beginning(name: str) -> tuple[str, ...]:
    words = (word for word in name.split() if any(map(str.isalnum, word)))
    return tuple(islice(words, WORDS))


def mistyped(words: Sequence[str], dice: Dice) -> list[str]:
    """The words with one typing error in the longest of them."""
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    word = words[longest]
    wrong = word
    while wrong == word:
        wrong = _slip(word, dice)
    return [*words[:longest], wrong, *words[longest + 1 :]]


def _slip(word: str, dice: Dice) -> str:
    at = dice.randrange(len(word))
    letter = ascii_lowercase[dice.randrange(len(ascii_lowercase))]
    match dice.randrange(4):
        case 0:
            return word[:at] + letter + word[at + 1 :]
        case 1 if len(word) > 1:
            return word[:at] + word[at + 1 :]
        case 2 if at + 1 < len(word):
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case _:
            return word[:at] + letter + word[at:]


async def answered(search: Search, texts: Iterable[str]) -> Found:
    """Which of these queries find anything at all."""
    asked = 0
    missed = []
    for text in texts:
        asked += 1
        if not (await search.search(Query(text=text, limit=FIRST))).total:
            missed.append(text)
    return Found(asked, asked - len(missed), tuple(missed))
