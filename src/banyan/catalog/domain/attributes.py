"""Typed attributes: which values each kind takes, and what kind a value that nobody declared is of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from banyan.catalog.domain.naming import code_of, is_line

Value: TypeAlias = str | int | float | bool

LONGEST_VALUE = 500
LARGEST_NUMBER = 10**15
MOST_ATTRIBUTES = 60
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
_UNITS = {
    unit.lower(): unit for unit in ("g", "kg", "mm", "cm", "m", "ml", "l", "W", "V", "Wh", "mAh", "GB", "Hz", "h")
}


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute is: `choices` are the values of a choice, `unit` is for people."""

    code: str
    name: str
    kind: Kind
    unit: str = ""
    choices: tuple[str, ...] = ()

    def accept(self, value: Value) -> Value:
        """The value as this attribute keeps it. ValueError says what it takes instead.

        Text is read as the kind asks (`"12.5"` for a number): that is all a CSV cell can be.
        """
        match self.kind:
            case Kind.NUMBER:
                return _number(value, self.code)
            case Kind.BOOLEAN:
                return _boolean(value, self.code)
            case Kind.DATE:
                return _date(value, self.code)
            case Kind.CHOICE if str(value) not in self.choices:
                raise ValueError(f"{self.code} is one of {', '.join(self.choices[:20])}")
            case _:
                return _text(value, self.code)


def inferred(name: str, value: Value) -> Attribute:
    """The attribute that a value which nobody declared is taken for: `weight_g: 900` is Weight, a number in g."""
    code = code_of(name)
    kind = Kind.BOOLEAN if isinstance(value, bool) else Kind.TEXT if isinstance(value, str) else Kind.NUMBER
    label, unit = name.strip(), ""
    if label == code:
        *words, last = code.split("_")
        if kind is Kind.NUMBER and words and last in _UNITS:
            unit = _UNITS[last]
        label = " ".join(words if unit else [*words, last]).capitalize()
    return Attribute(code, label[:100], kind, unit)


def accepted(values: Mapping[str, Value], known: Mapping[str, Attribute]) -> dict[str, Value]:
    """All values by code, as they are kept. ValueError for an unknown code or a value that does not fit."""
    kept: dict[str, Value] = {}
    for code, value in values.items():
        if code not in known:
            raise ValueError(f"there is no attribute {code}")
        kept[code] = known[code].accept(value)
    return kept


def choices_fit(kind: Kind, choices: Sequence[str]) -> bool:
    """A choice has choices, each once; nothing else has any."""
    return bool(choices) == (kind is Kind.CHOICE) and len(set(choices)) == len(choices)


def _number(value: Value, code: str) -> int | float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise ValueError(f"{code} is a number")
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError(f"{code} is a number of at most 15 digits")
    return value


def _boolean(value: Value, code: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in (*_YES, *_NO):
        return value.strip().lower() in _YES
    raise ValueError(f"{code} is true or false")


def _date(value: Value, code: str) -> str:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value.strip()):
            return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{code} is a date such as 2026-03-31")


def _text(value: Value, code: str) -> str:
    said = ("true" if value else "false") if isinstance(value, bool) else str(value).strip()
    if not is_line(said) or not 1 <= len(said) <= LONGEST_VALUE:
        raise ValueError(f"{code} is a text of 1 to {LONGEST_VALUE} characters")
    return said
