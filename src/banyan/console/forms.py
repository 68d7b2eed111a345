"""How long an operator's form may be, and its faults by field."""

from collections.abc import Mapping

from banyan.foundation.face import forms
from banyan.kernel.refusals import Refusal

MAX_BODY = 600_000  # bytes: two descriptions of 20,000 characters, percent-encoded
MAX_FIELDS = 2_000


def faults(refusal: Refusal, fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field of the form. `fields`: which field an ending of a JSON pointer is; the rest is under ``."""
    found = forms.faults(refusal, fields)
    return {field: fault.detail if field else f"{fault.pointer}: {fault.detail}" for field, fault in found.items()}
