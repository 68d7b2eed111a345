"""Who answers: the legacy shop or the new one. A visitor keeps the same answer."""

from collections.abc import Mapping
from hashlib import blake2b

from banyan.kernel.ids import Ids

_STRATA = 32
_TRIES = 512


def choose(visitor: str, weights: Mapping[str, int]) -> str:
    """Pick a side by weight. Of two sides, raising one only ever moves visitors towards it."""
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("at least one side needs a weight")
    point = _point(visitor) * total >> 64
    for side, weight in weights.items():
        if point < weight:
            return side
        point -= weight
    raise AssertionError("unreachable: the point lies below the total")


class Visitors:
    """Names for browsers that come for the first time, spread evenly: chance alone is half a point off at 10,000."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._count = 0

    def new(self) -> str:
        """Each falls into the next of 32 equal parts of all names, in an order that any run of visitors is spread over."""
        wanted, self._count = _reversed_bits(self._count % _STRATA), self._count + 1
        for _ in range(_TRIES):
            visitor = self._ids.secret(12).hex()
            if _point(visitor) * _STRATA >> 64 == wanted:
                break
        return visitor


def _point(visitor: str) -> int:
    return int.from_bytes(blake2b(visitor.encode(), digest_size=8).digest())


def _reversed_bits(number: int) -> int:
    """van der Corput's order of 0 … 31."""
    return int(f"{number:05b}"[::-1], 2)
