"""Order numbers that people read out: `B-00031JK`, rising, with a last letter that catches a slip."""

import re

from banyan.kernel.ids import spell

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_LENGTH = 6  # a thousand million orders, and text sorts as the numbers do
_SHAPE = re.compile(rf"B-[{_DIGITS}]{{{_LENGTH + 1}}}")


def spelled(serial: int) -> str:
    """The number of the `serial`-th order. ValueError beyond what six digits hold."""
    if not 0 < serial < 32**_LENGTH:
        raise ValueError("order numbers have six digits")
    digits = spell(serial, _LENGTH).upper()
    return f"B-{digits}{_check(digits)}"


def read(text: str) -> str | None:
    """What someone typed as the number it is; None when it cannot be one."""
    tidy = text.strip().upper().replace("O", "0").replace("I", "1").replace("L", "1")
    tidy = tidy if tidy.startswith("B-") else f"B-{tidy}"
    return tidy if _SHAPE.fullmatch(tidy) and tidy[-1] == _check(tidy[2:-1]) else None


def _check(digits: str) -> str:
    """Luhn's algorithm modulo 32: catches every wrong digit and nearly every swap of neighbours."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = _DIGITS.index(digit) * (1 if place % 2 else 2)
        total += value // 32 + value % 32
    return _DIGITS[-total % 32]
