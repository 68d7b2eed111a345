"""Passkeys in pages: a script asks for the challenge, its answer is sent like any form; what it belongs to stays in a cookie."""

import json
from collections.abc import Awaitable
from typing import Any

from starlette.responses import JSONResponse, Response

from banyan.foundation.face.visit import Visit
from banyan.foundation.face.ways_in import Ceremony
from banyan.kernel.refusals import Malformed, Refusal

_SECONDS = 300


async def asked(visit: Visit[Any], asking: Awaitable[Ceremony]) -> Response:
    """The challenge for the script, or what is wrong, in words that it can show."""
    try:
        given = await asking
    except Refusal as refusal:
        words = refusal.errors[0].detail if refusal.errors else refusal.detail
        return JSONResponse({"code": refusal.code, "detail": words}, refusal.status)
    visit.jar.put(visit.ceremony, given.ceremony, _SECONDS)
    return JSONResponse(given.public_key)


def answered(visit: Visit[Any]) -> tuple[str, object]:
    """The ceremony this browser was given, and what its device answered. Malformed where that is no JSON."""
    ceremony = visit.jar.get(visit.ceremony)
    visit.jar.drop(visit.ceremony)
    try:
        return ceremony or "-", json.loads(visit.form.exact("credential"))
    except (ValueError, RecursionError):
        raise Malformed("this passkey cannot be read; try again") from None
