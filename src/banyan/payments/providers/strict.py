"""Webhooks' JSON, read as a stranger's: what two readers could read in two ways is refused."""

import json
from typing import Any, NoReturn

from banyan.kernel.refusals import Malformed

LONGEST_BODY = 65_536  # bytes


def read(body: bytes, *, fractions: bool = False) -> dict[str, Any]:
    """An object in UTF-8 with no name twice and no number but whole ones. Malformed (`webhook_malformed`) otherwise.

    `fractions`: numbers that are not whole are read, as floats, for providers that tell of more than money.
    """
    if len(body) > LONGEST_BODY:
        raise wrong("it is too long")
    try:
        told = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=float if fractions else _no_number,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise wrong("it cannot be read") from error
    if not isinstance(told, dict):
        raise wrong("it is no object")
    return told


def wrong(why: str) -> Malformed:
    return Malformed(f"this webhook makes no sense: {why}", code="webhook_malformed")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name stands twice")
    return told


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no whole number")
