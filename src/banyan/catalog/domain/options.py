"""A variant's options (Colour: Moss), and how two variants are told apart by them."""

from collections.abc import Mapping

from banyan.catalog.domain.naming import key_of

MOST_OPTIONS = 10
LONGEST_OPTION = 100


def option_key(options: Mapping[str, str]) -> str:
    """The options as they are compared within a product: order, case and spacing do not count."""
    pairs = sorted((key_of(name), key_of(value)) for name, value in options.items())
    return "\x1f".join(f"{name}\x1e{value}" for name, value in pairs)
