"""How long and how large things may be, so that whatever passes can be kept in the database."""

import re

LARGEST = 1_000_000_000  # units on one shelf; two of them still fit an integer column
LARGEST_LINE = 1_000_000  # units of one SKU in one reservation
LONGEST_SKU = 100  # characters
LONGEST_ID = 100
LONGEST_REASON = 500
LONGEST_HOLD = 30 * 86_400  # seconds
_UNKEPT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_text(text: str, longest: int) -> bool:
    """Whether it has 1 to `longest` characters, none of them a control character or half of a surrogate pair."""
    return 1 <= len(text) <= longest and not _UNKEPT.search(text)


def plain(text: str, longest: int = LONGEST_REASON) -> str:
    """The text with what cannot be kept blanked out, cut to length: a reason's spelling is no reason to fail."""
    return _UNKEPT.sub(" ", text[:longest]).strip() or "not said"


def is_sku(text: str) -> bool:
    return is_text(text, LONGEST_SKU)


def is_id(text: str) -> bool:
    return is_text(text, LONGEST_ID)
