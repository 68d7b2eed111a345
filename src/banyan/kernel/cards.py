"""What a card's number tells by itself (ISO/IEC 7812): its check digit, its scheme, its length; and finding one in a text.

Limit: first digits tell schemes roughly, for showing and for refusing typing errors; a bank decides what it takes.
"""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote_to_bytes


@dataclass(frozen=True, slots=True)
class Scheme:
    """First digits as ranges of numbers of equal length, how long its numbers are, and how long its code is."""

    name: str
    starts: tuple[tuple[int, int], ...]
    lengths: frozenset[int]
    code: int = 3


# The first that fits, the narrow ranges before the wide ones.
SCHEMES = (
    Scheme("amex", ((34, 34), (37, 37)), frozenset({15}), code=4),
    Scheme("mastercard", ((51, 55), (2221, 2720)), frozenset({16})),
    Scheme("visa", ((4, 4),), frozenset({16, 19})),
    Scheme("discover", ((6011, 6011), (644, 649), (65, 65)), frozenset({16, 19})),
    Scheme("unionpay", ((62, 62), (81, 81)), frozenset({16, 17, 18, 19})),
    Scheme("jcb", ((3528, 3589),), frozenset({16, 17, 18, 19})),
    Scheme("diners", ((300, 305), (3095, 3095), (36, 36), (38, 39)), frozenset({14, 16, 19})),
    Scheme(
        "maestro",
        ((5018, 5018), (5020, 5020), (5038, 5038), (56, 59), (6304, 6304), (67, 67)),
        frozenset(range(12, 20)),
    ),
)

# Digits in one piece, or in the groups that are printed on cards. Letters and digits beside it make it something else (an
# id, a hash), a plus before it a telephone number. Shorter than 14 is no card of today, but every EAN.
_GAP = rb"(?:[ +.-]|\xc2?\xa0)"
_WRITTEN = re.compile(
    rb"(?<![0-9A-Za-z+])(?:[2-6]\d{13,18}|81\d{14,17}"
    rb"|[2-68]\d{3}(?:" + _GAP + rb"\d{4}){3}(?:" + _GAP + rb"?\d{1,3})?"
    rb"|3[47]\d\d" + _GAP + rb"\d{6}" + _GAP + rb"\d{5}|3[0689]\d\d" + _GAP + rb"\d{6}" + _GAP + rb"\d{4}"
    rb")(?![0-9A-Za-z])"
)
_NO_DIGIT = re.compile(rb"[^0-9]")
_DIGITS = bytes(ord("0") if chr(each).isdigit() and each < 128 else each for each in range(256))
_SHORTEST = b"0" * 14


def fits_check_digit(number: str) -> bool:
    """Whether the last digit is the one that the others ask for (ISO/IEC 7812-1, annex B, Luhn's formula)."""
    digits = [int(each) for each in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0


def scheme_of(number: str) -> Scheme | None:
    """Whose card it is by its first digits; None where they tell nothing."""
    for scheme in SCHEMES:
        for low, high in scheme.starts:
            start = number[: len(str(low))]
            if len(start) == len(str(low)) and low <= int(start) <= high:
                return scheme
    return None


def brand_of(number: str) -> str:
    """The scheme's name, `card` where the number does not tell."""
    scheme = scheme_of(number)
    return scheme.name if scheme else "card"


def expired(year: int, month: int, today: date) -> bool:
    """A card is good until the end of its month."""
    return (year, month) < (today.year, today.month)


def could_be(number: str) -> bool:
    """Whether these digits can be a card's of a scheme we know: its length, its check digit."""
    scheme = scheme_of(number)
    return scheme is not None and len(number) in scheme.lengths and fits_check_digit(number)


def holds_one(text: bytes) -> bool:
    """Whether a card's number stands in this text as people type it: in one piece or in groups.

    Built for every request: a text without fourteen digits in a row (gaps left out) costs one pass in C. As addresses and
    forms spell it (RFC 3986 §2.1) it is seen, too; other codes (base64, JSON's escapes) are not, nor a number whose digits
    stand apart one by one.
    """
    if _SHORTEST not in text.translate(_DIGITS, b" +.%-\xc2\xa0"):
        return False
    if _any_in(text):
        return True
    return (b"%" in text or b"+" in text) and _any_in(unquote_to_bytes(text.replace(b"+", b" ")))


def _any_in(text: bytes) -> bool:
    return any(could_be(_NO_DIGIT.sub(b"", each[0]).decode("ascii")) for each in _WRITTEN.finditer(text))
