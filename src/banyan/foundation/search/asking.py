"""A question to an index as a small tree, so that ranking is decided once and every backend only translates."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """This word in this field; the field's own analysis (stemming) applies to it."""

    field: str
    word: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so. Its score is the boost itself, however rare the words are."""

    field: str
    prefix: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words at these distances from one another, in an unstemmed field with positions."""

    field: str
    places: tuple[tuple[int, str], ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Every:
    """All of these."""

    parts: tuple["Ask", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least so many of these; each that holds adds to the score."""

    parts: tuple["Ask", ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Best:
    """Any of these; the best one's score, and a tenth of the others'."""

    parts: tuple["Ask", ...]


Ask: TypeAlias = Word | Prefix | Phrase | Every | Some | Best
