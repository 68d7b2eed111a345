"""The seeded chooser: the same words give the same choice on every machine and in every run. Not for secrets."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

SEED = "banyan-demo-1"  # another seed, another shop


def number(*words: object) -> int:
    """A whole number from 0 to 2**64 - 1 that depends on nothing but the seed and the words."""
    text = "\x1f".join([SEED, *map(str, words)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def fraction(*words: object) -> float:
    """From 0 up to, but not including, 1."""
    return (number(*words) >> 11) / (1 << 53)


def pick(options: Sequence[T], *words: object) -> T:
    """One of the options."""
    if not options:
        raise ValueError(f"nothing to choose from for {words}")
    return options[number(*words) * len(options) >> 64]


def between(low: int, high: int, *words: object) -> int:
    """A whole number from low to high, both included."""
    return pick(range(low, high + 1), *words)


def shuffled(options: Sequence[T], *words: object) -> list[T]:
    """All of the options, in an order of their own."""
    places = sorted(range(len(options)), key=lambda place: number(*words, place))
    return [options[place] for place in places]


def in_turn(options: Sequence[T], place: int, *words: object) -> T:
    """The option for a place in a row in which every option comes up before one comes up again."""
    lap, seat = divmod(place, len(options))
    return shuffled(options, *words, lap)[seat]
