"""How an operator signs in: passkeys, an app's codes, recovery codes. Who has no second factor yet may come here alone."""

import asyncio
from collections.abc import Awaitable

from starlette.responses import Response

from banyan.console.doorway import SECURITY
from banyan.console.pages.passkeys import answered, asked
from banyan.console.visit import Visit
from banyan.foundation.face import ways_in
from banyan.kernel.refusals import Refusal


async def security(visit: Visit) -> Response:
    """`/console/security`"""
    return await _page(visit)


async def for_one_more(visit: Visit) -> Response:
    """`POST /console/security/passkeys/options`"""
    return await asked(visit, lambda: ways_in.passkey_options(visit.line, ""))


async def add_passkey(visit: Visit) -> Response:
    """`POST /console/security/passkeys`"""
    ceremony, credential = answered(visit)
    return await _done(visit, ways_in.add_passkey(visit.line, ceremony, credential, ""), "passkey-added")


async def remove_passkey(visit: Visit) -> Response:
    """`POST /console/security/passkeys/{id}/remove`"""
    return await _done(visit, ways_in.remove_passkey(visit.line, visit.path["id"]), "passkey-removed")


async def begin_totp(visit: Visit) -> Response:
    """`POST /console/security/totp`: the QR code of a new secret."""
    try:
        return await visit.page("totp.html", totp=await ways_in.begin_totp(visit.line))
    except Refusal as refusal:
        return await _refused(visit, refusal)


async def confirm_totp(visit: Visit) -> Response:
    """`POST /console/security/totp/confirm`"""
    try:
        codes = await ways_in.confirm_totp(visit.line, visit.form["code"] or "-")
    except Refusal as refusal:
        return visit.to(SECURITY, "wrong-code") if refusal.code == "wrong_code" else await _refused(visit, refusal)
    visit.operator.drop_access()  # the next one permits what the role does
    return await visit.page("codes.html", codes=codes)


async def remove_totp(visit: Visit) -> Response:
    """`POST /console/security/totp/remove`"""
    return await _done(visit, ways_in.remove_totp(visit.line), "codes-off")


async def renew_codes(visit: Visit) -> Response:
    """`POST /console/security/recovery-codes`"""
    try:
        return await visit.page("codes.html", codes=await ways_in.renew_recovery_codes(visit.line))
    except Refusal as refusal:
        return await _refused(visit, refusal)


async def _done(visit: Visit, doing: Awaitable[None], told: str) -> Response:
    try:
        await doing
    except Refusal as refusal:
        return await _refused(visit, refusal)
    visit.operator.drop_access()
    return visit.to(SECURITY, told)


async def _refused(visit: Visit, refusal: Refusal) -> Response:
    if refusal.code == "sign_in_again":
        return visit.to(SECURITY, "sign-in-again")
    if refusal.status == 401 or refusal.status >= 500:
        raise refusal
    return await _page(visit, refusal)


async def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    factors, keys = await asyncio.gather(ways_in.factors(visit.line), ways_in.passkeys(visit.line))
    status = refusal.status if refusal else 200
    return await visit.page("security.html", status, factors=factors, passkeys=keys, refusal=refusal)
