"""Passkeys in pages: the challenge is asked for by a script, its answer sent like any form; the rest stays in cookies."""

import json
from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from banyan.foundation.face import ways_in
from banyan.foundation.face.ways_in import Ceremony
from banyan.kernel.refusals import Malformed, Refusal
from banyan.storefront.cookies import Cookie
from banyan.storefront.visit import Visit

_SECONDS = 300


async def for_sign_in(visit: Visit) -> Response:
    """`POST /sign-in/passkey/options`"""
    return await _asked(visit, lambda: ways_in.passkey_options(visit.line, "sign-in/"))


async def for_sign_up(visit: Visit) -> Response:
    """`POST /sign-up/passkey/options`"""
    newcomer = {"email": visit.form["email"], "name": visit.form["name"]}
    return await _asked(visit, lambda: ways_in.passkey_options(visit.line, "sign-up/", newcomer))


async def for_proof(visit: Visit) -> Response:
    """`POST /account/proof/passkey/options`"""
    return await _asked(visit, lambda: ways_in.passkey_options(visit.line, "proof/"))


async def for_one_more(visit: Visit) -> Response:
    """`POST /account/passkeys/options`"""
    return await _asked(visit, lambda: ways_in.passkey_options(visit.line, ""))


def answered(visit: Visit) -> tuple[str, object]:
    """The ceremony this browser was given, and what its device answered. Malformed where that is no JSON."""
    ceremony = visit.jar.get(Cookie.CEREMONY)
    visit.jar.drop(Cookie.CEREMONY)
    try:
        return ceremony or "-", json.loads(visit.form.exact("credential"))
    except (ValueError, RecursionError):
        raise Malformed("this passkey cannot be read; try again") from None


async def _asked(visit: Visit, ask: Callable[[], Awaitable[Ceremony]]) -> Response:
    try:
        given = await ask()
    except Refusal as refusal:
        field = "email" if refusal.code == "email_taken" or refusal.status == 422 else ""
        said = {"code": refusal.code, "detail": refusal.errors[0].detail if refusal.errors else refusal.detail}
        return JSONResponse({**said, "field": field}, refusal.status)
    visit.jar.put(Cookie.CEREMONY, given.ceremony, _SECONDS)
    return JSONResponse(given.public_key)
