"""Card numbers to look for: all begin alike, so that a search for how they begin, in any spelling, finds each of them."""

import re
from base64 import b64encode
from collections.abc import Iterator

from banyan.kernel.cards import fits_check_digit
from banyan.kernel.ids import Ids

START = "411738"  # a Visa's; what follows is chance
_GAPS = (b" ", b"-", b"+", b".", b"%20", b"%2D", b"\\u00a0", b"\xc2\xa0")
_NO_DIGIT = re.compile(rb"%20|%2D|\\u00a0|[^0-9]")
STYLES = ("{}", "{} {} {} {}", "{}-{}-{}-{}", "note: {} thanks")


def numbers(count: int, ids: Ids) -> list[str]:
    """So many different card numbers that all have their check digit."""
    made: dict[str, None] = {}
    while len(made) < count:
        body = f"{START}{int.from_bytes(ids.secret(8)) % 10**9:09d}"
        made[next(body + last for last in "0123456789" if fits_check_digit(body + last))] = None
    return list(made)


def written(number: str, style: int) -> str:
    """The number as people type it."""
    pattern = STYLES[style % len(STYLES)]
    groups = [number[place : place + 4] for place in range(0, 16, 4)]
    return pattern.format(*groups) if pattern.count("{}") == 4 else pattern.format(number)


class Search:
    """Finds the numbers in bytes: digits in one piece or in groups, as hexadecimal text, in base64, packed two to a byte."""

    def __init__(self, wanted: list[str]) -> None:
        self._wanted = set(wanted)
        self._coded: dict[bytes, str] = {}
        begins = [START[:4].encode() + gap + START[4:].encode() for gap in (b"", *_GAPS)]
        begins.append("\0".join(START).encode())
        for number in wanted:
            text = number.encode()
            for code in (text.hex().encode(), bytes.fromhex(number), *_in_base64(text)):
                self._coded[code] = number
        begins += [
            START.encode().hex().encode(),
            bytes.fromhex(START),
            *(each[:6] for each in _in_base64(START.encode().ljust(16, b"0"))),
        ]
        self._begins = tuple(dict.fromkeys(begins))
        self._sizes = sorted({len(code) for code in self._coded})

    def __call__(self, data: bytes) -> set[str]:
        """Which of the numbers are in there."""
        found = set[str]()
        for begin in self._begins:
            at = data.find(begin)
            while at >= 0:
                found |= self._at(data, at)
                at = data.find(begin, at + 1)
        return found

    def _at(self, data: bytes, at: int) -> set[str]:
        here = data[at : at + 64]
        digits = _NO_DIGIT.sub(b"", here)[:16].decode("ascii")
        coded = (self._coded.get(here[:size]) for size in self._sizes)
        return {digits} & self._wanted | {each for each in coded if each}


def _in_base64(text: bytes) -> Iterator[bytes]:
    """What every spelling of it has in common, at each of the three places where it may begin. A digit begins with 0011, so
    that the character that a digit shares with the next one is known."""
    for shift in range(3):
        code = b64encode(b"\0" * shift + text)
        yield code[4:20] if shift else code[:20]
