"""What a form sends: read with bounds, cleaned of what no keyboard types, and its faults by field."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from banyan.kernel.refusals import Fault, Malformed, Refusal, TooLarge

_UNTYPED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNTYPED_IN_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")


class Form:
    """The fields of a form or a query by name, the last of each; a field that is not there is empty."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = list(pairs)
        self._fields = dict(self.pairs)

    def __getitem__(self, name: str) -> str:
        return _UNTYPED.sub(" ", self._fields.get(name, "")).strip()

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def exact(self, name: str) -> str:
        """The field as it was typed: for passwords, in which every character counts."""
        return self._fields.get(name, "")

    def prose(self, name: str) -> str:
        """A field of several lines; browsers send them with two characters at each end (HTML §4.10.22.7)."""
        text = self._fields.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
        return _UNTYPED_IN_PROSE.sub(" ", text).strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be there several times."""
        return [value for each, value in self.pairs if each == name]

    def below(self, prefix: str) -> dict[str, str]:
        """Fields whose names begin so, by the rest of the name."""
        return {name.removeprefix(prefix): self[name] for name in self._fields if name.startswith(prefix)}

    def whole(self, name: str) -> int | None:
        """A whole number of at most ten digits; None for anything else."""
        return whole(self[name])

    def count(self, name: str, otherwise: int, *, least: int, most: int) -> int:
        """A whole number, moved into its bounds; `otherwise` for anything else."""
        number = self.whole(name)
        return otherwise if number is None else max(least, min(most, number))


def whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


async def read(request: Request, *, max_body: int, max_fields: int) -> Form:
    """The form of a POST. Malformed when it is none or has more fields, TooLarge beyond `max_body` bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_body:
            raise TooLarge("no form of ours is that long")
    if body and kind != "application/x-www-form-urlencoded":
        raise Malformed("this is not a form of ours", code="not_a_form")
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=max_fields
        )
    except ValueError:
        raise Malformed("this is not a form of ours", code="not_a_form") from None
    return Form(pairs)


def faults(refusal: Refusal, fields: Mapping[str, str]) -> dict[str, Fault]:
    """The first fault of each field. `fields`: which field an ending of a JSON pointer is; the rest is under ``."""
    found: dict[str, Fault] = {}
    for fault in refusal.errors:
        field = next((field for end, field in fields.items() if fault.pointer.endswith("/" + end)), "")
        found.setdefault(field, fault)
    return found
