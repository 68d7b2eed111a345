"""What a form sends: read with bounds, cleaned of what no keyboard types, and its faults by field."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from banyan.kernel.refusals import Malformed, Refusal, TooLarge

MAX_BODY = 32_768  # bytes
MAX_FIELDS = 60
_UNTYPED = re.compile(r"[\x00-\x1f\x7f]+")
_WHOLE = re.compile(r"-?[0-9]{1,9}")


class Form:
    """The fields of a form by name, the last of each; a field that is not there is empty."""

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

    def below(self, prefix: str) -> dict[str, str]:
        """Fields whose names begin so, by the rest of the name."""
        return {name.removeprefix(prefix): self[name] for name in self._fields if name.startswith(prefix)}

    def count(self, name: str, otherwise: int, *, least: int, most: int) -> int:
        """A whole number, moved into its bounds."""
        text = self[name]
        return max(least, min(most, int(text))) if _WHOLE.fullmatch(text) else otherwise


async def read(request: Request) -> Form:
    """The form of a POST. Malformed when it is none, TooLarge beyond what any of our forms sends."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise TooLarge("no form of ours is that long")
    if body and kind != "application/x-www-form-urlencoded":
        raise Malformed("this is not a form of ours", code="not_a_form")
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise Malformed("this is not a form of ours", code="not_a_form") from None
    return Form(pairs)


def faults(refusal: Refusal, fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field of the form. `fields`: which field an ending of a JSON pointer is; what fits none is under ``."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        field = next((field for end, field in fields.items() if fault.pointer.endswith("/" + end)), "")
        found.setdefault(field, _said(fault.detail, fault.code))
    if not found:
        found[""] = refusal.detail
    return found


_PLAINER = {
    "missing": "Please fill this in",
    "string_too_short": "Please fill this in",
    "string_too_long": "This is too long",
    "string_pattern_mismatch": "This does not look right",
    "value_error": "This does not look right",
}


def _said(detail: str, code: str) -> str:
    """A fault in a shopper's words."""
    if code == "value_error" and detail.lower().startswith("value error, "):
        detail = detail[13:]
        return detail[:1].upper() + detail[1:]
    return _PLAINER.get(code) or detail[:1].upper() + detail[1:]
