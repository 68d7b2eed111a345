"""How long a shopper's form may be, and its faults in a shopper's words."""

from collections.abc import Mapping

from banyan.foundation.face import forms
from banyan.kernel.refusals import Refusal

MAX_BODY = 32_768  # bytes
MAX_FIELDS = 60


def faults(refusal: Refusal, fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field of the form. `fields`: which field an ending of a JSON pointer is; what fits none is under ``."""
    found = {field: _said(fault.detail, fault.code) for field, fault in forms.faults(refusal, fields).items()}
    return found or {"": refusal.detail}


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
