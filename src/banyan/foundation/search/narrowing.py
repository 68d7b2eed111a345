"""What a result is made of: its most frequent values, and its prices in bands with round bounds."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from banyan.foundation.search import Facet, PriceBand

MOST_VALUES = 20
HIGHEST = 10**15
"""Prices above this, in minor units, are taken for it: beyond it a float no longer tells them apart."""

_MOST_BANDS = 6
# Within a power of ten. Below 1.00 there is one band: nobody narrows by cents.
_ROUND = (100, 150, 200, 250, 300, 400, 500, 600, 800)
EDGES = (0, *(step * 10**power for power in range(8) for step in _ROUND), HIGHEST + 1)
"""Where a band may begin. Counting between all of them in one go makes bands exact and independent of the data."""


def facets(counts: Iterable[tuple[str, int]]) -> tuple[Facet, ...]:
    ordered = sorted(counts, key=lambda it: (-it[1], it[0]))
    return tuple(Facet(value, count) for value, count in ordered[:MOST_VALUES] if count)


def settled(counts: Sequence[tuple[str, int]], asked: int) -> bool:
    """Whether the first `asked` values by count alone are enough to know the first twenty by count and name."""
    return len(counts) < asked or counts[-1][1] < counts[MOST_VALUES - 1][1]


def bands(counts: Sequence[int]) -> tuple[PriceBand, ...]:
    """Join the counts between EDGES to at most six bands of about equal size, none of them empty."""
    total = sum(counts)
    if not total:
        return ()  # an index kept while it was empty counts no edges at all
    found: list[PriceBand] = []
    low, within = None, 0
    for (start, after), count in zip(pairwise(EDGES), counts, strict=True):
        if count and low is None:
            low = start
        within += count
        if low is not None and count and within * _MOST_BANDS >= total:
            found.append(PriceBand(low, after - 1, within))
            low, within = None, 0
    if low is not None and within:
        end = max(after for (_, after), count in zip(pairwise(EDGES), counts, strict=True) if count)
        found.append(PriceBand(low, end - 1, within))
    return tuple(found)
