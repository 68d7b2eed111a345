"""Passkeys in the console's pages: a script asks for the challenge, its answer is sent like any form."""

import json
from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from banyan.console.cookies import Cookie
from banyan.console.visit import Visit
from banyan.foundation.face.ways_in import Ceremony
from banyan.kernel.refusals import Malformed, Refusal

_SECONDS = 300


async def asked(visit: Visit, ask: Callable[[], Awaitable[Ceremony]]) -> Response:
    """The challenge for the script; what it belongs to stays in a cookie that no script reads."""
    try:
        given = await ask()
    except Refusal as refusal:
        return JSONResponse({"code": refusal.code, "detail": refusal.detail}, refusal.status)
    visit.jar.put(Cookie.CEREMONY, given.ceremony, _SECONDS)
    return JSONResponse(given.public_key)


def answered(visit: Visit) -> tuple[str, object]:
    """The ceremony this browser was given, and what its device answered. Malformed where that is no JSON."""
    ceremony = visit.jar.get(Cookie.CEREMONY)
    visit.jar.drop(Cookie.CEREMONY)
    try:
        return ceremony or "-", json.loads(visit.form.exact("credential"))
    except (ValueError, RecursionError):
        raise Malformed("this passkey cannot be read; try again") from None
