"""A shop nobody knows, by a mapping file in which its owner says which of its tables and columns mean what."""

from pathlib import Path

from banyan.move.legacy.mapping.file import WrongMapping
from banyan.move.legacy.mapping.file import read as read_file
from banyan.move.legacy.mapping.shop import MappedShop

__all__ = ["MappedShop", "WrongMapping", "read"]


def read(path: Path) -> MappedShop:
    """The shop that a file describes. WrongMapping names every fault with its line."""
    return MappedShop(read_file(path))
