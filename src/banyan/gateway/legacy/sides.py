"""Who answers: the legacy shop or the new one. A visitor keeps the same answer, whichever proxy is asked.

The sum is one that HAProxy and nginx can do as well (gateway.render): `((crc32(visitor) >> 16) & 0x7fff) % total`, which is
what nginx's `hash` does, and in HAProxy `crc32,div(65536),and(32767),mod(100)`.
"""

from collections.abc import Mapping
from zlib import crc32

from banyan.kernel.ids import Ids

PERCENT = 100
_ENDS = [
    crc32(b"%03x" % end) for end in range(4096)
]  # of texts of one length, checksums differ alike after any beginning


def choose(visitor: str, weights: Mapping[str, int]) -> str:
    """Pick a side by weight. Of two sides that share the same total, raising one only ever moves visitors towards it."""
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("at least one side needs a weight")
    point = point_of(visitor) % total
    for side, weight in weights.items():
        if point < weight:
            return side
        point -= weight
    raise AssertionError("unreachable: the point lies below the total")


def point_of(visitor: str) -> int:
    """Where this visitor stands: 0 … 32767."""
    return _fifteen_bits(crc32(visitor.encode("latin-1", "replace")))  # the bytes that came


class Visitors:
    """Names for browsers that come for the first time, spread evenly: chance alone is half a point off at 10,000."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._count = 0

    def new(self) -> str:
        """`42.` and twenty hexadecimal digits, of which the sum is 42 too: a proxy that can only compare texts reads the side
        off the name. Each falls on the next percent, in an order that any run of visitors is spread over."""
        wanted, self._count = _scattered(self._count % PERCENT), self._count + 1
        name = f"{wanted:02d}.{self._ids.secret(10).hex()}"
        first, shift = int(name[-3:], 16), crc32(b"000", crc32(name[:-3].encode())) ^ _ENDS[0]
        for more in range(len(_ENDS)):  # the end is sought, one in a hundred fits; seventeen random digits stay
            end = (first + more) % len(_ENDS)
            if _fifteen_bits(_ENDS[end] ^ shift) % PERCENT == wanted:
                return f"{name[:-3]}{end:03x}"
        raise AssertionError("unreachable: each percent has about forty ends")


def _fifteen_bits(checksum: int) -> int:
    return (checksum >> 16) & 0x7FFF


def _scattered(number: int) -> int:
    """0 … 99 so that each four in a row are in four quarters, each twenty in twenty parts: digits of 2·2·5·5, reversed."""
    number, half = divmod(number, 2)
    number, quarter = divmod(number, 2)
    part, five = divmod(number, 5)
    return half * 50 + quarter * 25 + five * 5 + part
