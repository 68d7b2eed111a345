"""Names and what is made of them: slugs, keys for comparing, attribute codes, and SKUs for rows that have none."""

import re
import unicodedata
from hashlib import blake2b

LONGEST_SLUG = 100
LONGEST_SKU = 64

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
CODE = r"^[a-z0-9]+(_[a-z0-9]+)*$"
# A SKU stands in paths: no slash, nothing a URL gives a meaning to, no space at its ends.
SKU = r"^[^\s/\\?#%\x00-\x1f\x7f-\x9f](?:[^/\\?#%\x00-\x1f\x7f-\x9f\u2028\u2029]{0,62}[^\s/\\?#%\x00-\x1f\x7f-\x9f])?$"
# What PostgreSQL cannot keep (NUL) and what no name has: other control characters.
LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
PROSE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

_SKU, _LINE, _PROSE = re.compile(SKU), re.compile(LINE), re.compile(PROSE)
_BREAK = re.compile(r"[^a-z0-9]+")
_C1 = re.compile("[\x80-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Letters which have no decomposition.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "'": ""})


def mended(text: str) -> str:
    """Windows-1252 taken for Latin-1 somewhere on the way: U+0099 was ™. Such control characters are nobody's intent."""
    return _C1.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "ignore"), text)


def is_line(text: str) -> bool:
    """Whether a text can be a name: no control characters, no broken ones."""
    return bool(_LINE.fullmatch(text)) and not _SURROGATE.search(text)


def is_prose(text: str) -> bool:
    """Whether a text can be a description: lines and tabs are allowed."""
    return bool(_PROSE.fullmatch(text)) and not _SURROGATE.search(text)


def is_sku(text: str) -> bool:
    return bool(_SKU.fullmatch(text)) and text not in (".", "..") and not _SURROGATE.search(text)


def key_of(name: str) -> str:
    """How two names are compared: case, width and the number of spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slug_of(name: str, longest: int = LONGEST_SLUG) -> str:
    """A name in lower-case ASCII words with hyphens between; empty when it has no such letters or digits."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_STROKES))
    words = _BREAK.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")
    if len(words) <= longest:
        return words
    return words[: longest + 1].rpartition("-")[0].strip("-") or words[:longest]


def digest(*words: str, length: int = 8) -> str:
    """A short, stable digest, hexadecimal."""
    said = blake2b(digest_size=16)
    for word in words:
        said.update(len(word.encode("utf-8", "replace")).to_bytes(4) + word.encode("utf-8", "replace"))
    return said.hexdigest()[:length]


def slugs_for(name: str, *others: str) -> tuple[str, str]:
    """The slug a thing should have, and the one it gets when that is taken: `others` tell it from its namesakes."""
    mark = digest(name, *others)
    plain = slug_of(name, LONGEST_SLUG - 9)
    return plain or mark, f"{plain}-{mark}" if plain else digest(name, *others, length=20)


def code_of(name: str) -> str:
    """An attribute's code: `Screen size` and `screen_size` are the same one."""
    return slug_of(name, 60).replace("-", "_") or f"a{digest(key_of(name))}"


def derived_sku(name: str, brand: str, options: str, image: str) -> str:
    """A SKU for a row that has none, the same for the same row each time."""
    plain = slug_of(name, 48)
    mark = digest(key_of(name), key_of(brand), options, image, length=10)
    return f"{plain}-{mark}" if plain else mark
