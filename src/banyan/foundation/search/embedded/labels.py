"""Brands and categories as numbers: tantivy counts equal numbers several times quicker than equal texts."""

from hashlib import blake2b

import tantivy


def number_of(label: str) -> int:
    """48 bits of a digest: counts come with their numbers as floats, which hold these exactly.

    That any two of 10,000 labels share a number has a chance of one in five million; they would be counted as one.
    """
    return int.from_bytes(blake2b(label.encode(), digest_size=6).digest())


class Labels:
    """The texts of numbers, read from the index's own terms when one is met that is not known yet."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    def text(self, searcher: tantivy.Searcher, field: str, number: float) -> str:
        """The label of `field` that has this number. KeyError when the index holds none."""
        if int(number) not in self._texts:
            self._texts |= {number_of(label): label for label, _ in searcher.terms_with_prefix(field, "")}
        return self._texts[int(number)]
