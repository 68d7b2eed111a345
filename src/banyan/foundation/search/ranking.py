"""What a shopper's words ask of the index, from strict to lenient, and what makes one product better than another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Protocol

from banyan.foundation.search.asking import Ask, Best, Every, Phrase, Prefix, Some, Word
from banyan.foundation.search.words import (
    END,
    START,
    STOP_WORDS,
    Chunk,
    digits,
    edits,
    edits_allowed,
    halves,
    query_chunks,
)

# Fields of text. ALL holds every word of a product once, stemmed: it decides what is found, the others what is first.
ALL = "all"
NAME, NAME_STEM = "name", "name_stem"
LABEL, LABEL_STEM = "label", "label_stem"
"""Brand and categories."""
KEYWORDS = "keywords"
DESCRIPTION = "description"

_WEIGHTS = {NAME: 10.0, NAME_STEM: 7.0, LABEL_STEM: 4.0, KEYWORDS: 2.5, DESCRIPTION: 1.0}
_PREFIX_WEIGHTS = {NAME: 4.0, LABEL: 2.0, KEYWORDS: 1.0}
_PAIR, _BEGINNING, _WHOLE = 3.0, 5.0, 10.0
_GUESS = 0.6
"""What a guessed word is worth beside a typed one."""
_MOST_GUESSES = 6


class Vocabulary(Protocol):
    """The words an index holds."""

    def uses(self, word: str) -> int:
        """In how many products, counting its inflections; 0 for an unknown word."""
        ...

    def begins(self, prefix: str) -> bool:
        """Whether a word begins so."""
        ...

    def near(self, word: str, distance: int) -> Iterable[str]:
        """Words within so many typing errors."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way to satisfy a part of a query: all of these words, or the beginning of one."""

    words: tuple[str, ...]
    weight: float = 1.0
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What counts as one word of a query, and the ways to mean it."""

    said: tuple[str, ...]
    """One word, or several which stand for one: "wi", "fi"."""
    ways: tuple[Way, ...]
    guesses: tuple[tuple[str, ...], ...] = ()
    """Words it may be a misspelling of, likeliest first; they are among the ways where there are any."""
    weak: bool = False
    """A stop word: welcome where it is found, missed nowhere."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reading of the query. The first one which finds something is the one to answer."""

    parts: tuple[Part, ...]
    found_by: Ask
    ranked_by: tuple[Ask, ...]

    def corrected(self, holds: Callable[[str], bool]) -> str | None:
        """The query in the words of a product found by it, or None if it holds what was typed."""
        said = [part.said for part in self.parts]
        meant = [_meant(part, holds) for part in self.parts]
        return " ".join(word for words in meant for word in words) if meant != said else None


def _meant(part: Part, holds: Callable[[str], bool]) -> tuple[str, ...]:
    if not part.guesses or all(map(holds, part.said)):
        return part.said
    return next((guess for guess in part.guesses if all(map(holds, guess))), part.said)


def attempts(text: str, vocabulary: Vocabulary) -> Iterator[Attempt]:
    """Readings from strict to lenient: only unknown words guessed; any word guessed; most of them; any of them."""
    parts = _parts(query_chunks(text), vocabulary)
    tried = set()
    for step, share in enumerate((1.0, 1.0, 0.75, 0.5, 0.0)):
        if step == 1:
            parts = [_guessed(part, vocabulary) for part in parts]
        # A word nobody knows stands in no product: to insist on it would find nothing, whatever the rest says.
        meant = tuple(part for part in parts if part.ways)
        needed = [part for part in meant if not part.weak] or meant
        if not needed:
            continue
        found_by = Some(tuple(map(_finding, needed)), least=max(1, ceil(len(needed) * share)))
        if found_by not in tried:
            tried.add(found_by)
            yield Attempt(tuple(parts), found_by, (*map(_scoring, meant), *_phrases(parts, vocabulary)))


def _parts(cut: Sequence[Chunk], vocabulary: Vocabulary) -> list[Part]:
    found: list[Part] = []
    rest = list(cut)
    while rest:
        chunk = rest.pop(0)
        if rest and (pair := _written_as_one(chunk, rest[0], vocabulary)):
            rest.pop(0)
            found.append(pair)
        elif chunk.joined and (ways := _known((chunk.words, (chunk.joined,)), vocabulary)):
            found.append(Part(chunk.words, ways))
        else:
            found += (_part(word, vocabulary) for word in chunk.words)
    return [*found[:-1], _unfinished(found[-1], vocabulary)] if found else []


def _written_as_one(chunk: Chunk, after: Chunk, vocabulary: Vocabulary) -> Part | None:
    """ "sound bar" where products say "soundbar"."""
    if len(chunk.words) > 1 or len(after.words) > 1:
        return None
    both = (*chunk.words, *after.words)
    joined = "".join(both)
    if len(joined) < 4 or joined.isdigit() or not vocabulary.uses(joined):
        return None
    return Part(both, _known((both, (joined,)), vocabulary))


def _known(spellings: Iterable[tuple[str, ...]], vocabulary: Vocabulary) -> tuple[Way, ...]:
    return tuple(Way(words) for words in spellings if all(map(vocabulary.uses, words)))


def _part(word: str, vocabulary: Vocabulary) -> Part:
    pair = halves(word)
    ways = _known(((word,), pair) if pair else ((word,),), vocabulary)
    part = Part((word,), ways, weak=word in STOP_WORDS)
    return part if ways else _guessed(part, vocabulary)


def _unfinished(part: Part, vocabulary: Vocabulary) -> Part:
    """The last word may still be being typed."""
    word = part.said[-1]
    if len(part.said) > 1 or part.weak:
        return part
    if vocabulary.uses(word):
        # Short words are whole more often than not: "tv" is no beginning of "tvs".
        return replace(part, ways=(*part.ways, Way((word,), prefix=True))) if len(word) > 2 else part
    return replace(part, ways=(Way((word,), prefix=True),), guesses=()) if vocabulary.begins(word) else part


def _guessed(part: Part, vocabulary: Vocabulary) -> Part:
    """The part with what else it may have meant; a part that was guessed before stays as it is."""
    word = part.said[-1]
    if part.guesses or part.weak or len(part.said) > 1:
        return part
    guesses = _guesses(word, vocabulary)
    if not guesses:
        apart = _apart(word, vocabulary) if not part.ways else None
        return replace(part, ways=(Way(apart),), guesses=(apart,)) if apart else part
    most = max(uses for _, uses in guesses)
    # The rarer word scores higher, and a misspelling is likelier one of the more common word.
    ways = (Way((near,), _GUESS * (uses / most) ** 0.5) for near, uses in guesses)
    return replace(part, ways=(*part.ways, *ways), guesses=tuple((near,) for near, _ in guesses))


def _guesses(word: str, vocabulary: Vocabulary) -> list[tuple[str, int]]:
    for distance in range(1, edits_allowed(word) + 1):
        others = (other for other in vocabulary.near(word, distance) if other != word)
        near = [(other, vocabulary.uses(other)) for other in others if digits(other) == digits(word)]
        # A word may be left over from products which are gone.
        if near := [(other, uses) for other, uses in near if uses]:
            near.sort(key=lambda it: (edits(word, it[0]), it[0][0] != word[0], -it[1], it[0]))
            return near[:_MOST_GUESSES]
    return []


def _apart(word: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """ "iphonecase" where products say "iphone case": cut where the rarer half is the most common."""
    cuts = [(word[:at], word[at:]) for at in range(3, len(word) - 2)]
    best = max(cuts, key=lambda cut: min(map(vocabulary.uses, cut)), default=None)
    return best if best and all(map(vocabulary.uses, best)) else None


def _finding(part: Part) -> Ask:
    asks: list[Ask] = []
    for way in part.ways:
        if way.prefix:
            asks += (Prefix(field, way.words[0]) for field in _PREFIX_WEIGHTS)
        else:
            words = tuple(Word(ALL, word) for word in way.words)
            asks.append(words[0] if len(words) == 1 else Every(words))
    return asks[0] if len(asks) == 1 else Some(tuple(asks))


def _scoring(part: Part) -> Ask:
    whole = [_scoring_way(way) for way in part.ways if not way.prefix]
    # Beginnings add to whole words, and so never come before them.
    begun = [
        Prefix(field, way.words[0], weight)
        for way in part.ways
        if way.prefix
        for field, weight in _PREFIX_WEIGHTS.items()
    ]
    asks: list[Ask] = [Best(tuple(whole))] if len(whole) > 1 else whole
    return Some((*asks, *begun)) if begun or len(asks) != 1 else asks[0]


def _scoring_way(way: Way) -> Ask:
    words = tuple(
        Best(tuple(Word(field, word, weight * way.weight) for field, weight in _WEIGHTS.items())) for word in way.words
    )
    return words[0] if len(words) == 1 else Every(words)


def _phrases(parts: Sequence[Part], vocabulary: Vocabulary) -> Iterator[Ask]:
    """Bonuses for the words' order in a name: two side by side, all from its beginning, all of it.

    A misspelt word stands as its likeliest guess; one which nobody knows leaves its place open.
    """
    words = [word for part in parts for word in _likeliest(part, vocabulary)]
    known = [(place, word) for place, word in enumerate(words) if vocabulary.uses(word)]
    for (place, word), (then, other) in pairwise(known):
        if then == place + 1:
            yield Phrase(NAME, ((0, word), (1, other)), _PAIR)
    if known and known[0][0] == 0:
        beginning = ((0, START + words[0]), *((place + 1, word) for place, word in known[1:]))
        yield Word(NAME, beginning[0][1], _BEGINNING) if len(known) == 1 else Phrase(NAME, beginning, _BEGINNING)
        if known[-1][0] == len(words) - 1:
            yield Phrase(NAME, (*beginning, (len(words) + 1, words[-1] + END)), _WHOLE)


def _likeliest(part: Part, vocabulary: Vocabulary) -> tuple[str, ...]:
    return part.said if not part.guesses or all(map(vocabulary.uses, part.said)) else part.guesses[0]
