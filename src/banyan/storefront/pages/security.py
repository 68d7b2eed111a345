"""Security of an account: passkeys, the app's codes, recovery codes, the e-mail address, the password, devices."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response

from banyan.foundation.face import ways_in
from banyan.foundation.face.line import or_none
from banyan.kernel.refusals import Refusal
from banyan.storefront.forms import faults
from banyan.storefront.pages.passkeys import answered
from banyan.storefront.shop_api import authorizations, people
from banyan.storefront.visit import Visit

HERE = "/account/security"
_AGAIN = "/account/proof"


async def security(visit: Visit) -> Response:
    """`/account/security`"""
    return await shown(visit)


async def change_password(visit: Visit) -> Response:
    """`POST /account/password`"""
    try:
        await people.change_password(visit.line, current=visit.form.exact("current"), new=visit.form.exact("new"))
    except Refusal as refusal:
        if refusal.code == "wrong_password":
            return await shown(visit, {"current": refusal.detail}, refusal.status)
        if refusal.status not in (403, 422, 429):
            raise
        return await shown(visit, faults(refusal, {"current": "current", "new": "new"}), refusal.status)
    return visit.to(HERE, "password-changed")


async def end_session(visit: Visit) -> Response:
    """`POST /account/sessions/{id}/end`"""
    await or_none(people.end_session(visit.line, visit.path["id"]))
    return visit.to(HERE, "session-ended")


async def end_others(visit: Visit) -> Response:
    """`POST /account/sessions/end-others`"""
    await people.end_other_sessions(visit.line)
    return visit.to(HERE, "sessions-ended")


async def add_passkey(visit: Visit) -> Response:
    """`POST /account/passkeys`"""
    ceremony, credential = answered(visit)
    doing = ways_in.add_passkey(visit.line, ceremony, credential, visit.form["name"][:60])
    return await _done(visit, doing, "passkey-added")


async def rename_passkey(visit: Visit) -> Response:
    """`POST /account/passkeys/{id}/rename`"""
    return await _done(visit, ways_in.rename_passkey(visit.line, visit.path["id"], visit.form["name"]), "saved")


async def remove_passkey(visit: Visit) -> Response:
    """`POST /account/passkeys/{id}/remove`"""
    return await _done(visit, ways_in.remove_passkey(visit.line, visit.path["id"]), "passkey-removed")


async def begin_totp(visit: Visit) -> Response:
    """`POST /account/totp`: the QR code of a new secret."""
    try:
        return await visit.page("account_totp.html", totp=await ways_in.begin_totp(visit.line))
    except Refusal as refusal:
        return await _refused(visit, refusal)


async def confirm_totp(visit: Visit) -> Response:
    """`POST /account/totp/confirm`"""
    try:
        codes = await ways_in.confirm_totp(visit.line, visit.form["code"])
    except Refusal as refusal:
        if refusal.code == "wrong_code":
            return visit.to(HERE, "wrong-code")
        return await _refused(visit, refusal)
    return await visit.page("account_codes.html", codes=codes)


async def remove_totp(visit: Visit) -> Response:
    """`POST /account/totp/remove`"""
    return await _done(visit, ways_in.remove_totp(visit.line), "totp-removed")


async def renew_codes(visit: Visit) -> Response:
    """`POST /account/recovery-codes`"""
    try:
        return await visit.page("account_codes.html", codes=await ways_in.renew_recovery_codes(visit.line))
    except Refusal as refusal:
        return await _refused(visit, refusal)


async def change_email(visit: Visit) -> Response:
    """`POST /account/email`"""
    try:
        await ways_in.change_email(visit.line, visit.form["email"])
    except Refusal as refusal:
        if refusal.status in (422, 429) and refusal.code != "sign_in_again":
            return await shown(visit, faults(refusal, {"email": "email"}), refusal.status)
        return await _refused(visit, refusal)
    return visit.to(HERE, "email-asked")


async def again(visit: Visit) -> Response:
    """`/account/proof`: sign in again, for what must not be done by whoever finds an open screen."""
    return await _again(visit)


async def prove(visit: Visit) -> Response:
    """`POST /account/proof`"""
    try:
        await ways_in.prove(visit.line, password=visit.form.exact("password"), code=visit.form["code"])
    except Refusal as refusal:
        if refusal.status not in (403, 422, 429):
            raise
        return await _again(visit, refusal)
    return visit.to(HERE, "proved")


async def prove_by_passkey(visit: Visit) -> Response:
    """`POST /account/proof/passkey`"""
    ceremony, credential = answered(visit)
    try:
        await ways_in.prove_by_passkey(visit.line, ceremony, credential)
    except Refusal as refusal:
        if refusal.code != "passkey_refused":
            raise
        return await _again(visit, refusal)
    return visit.to(HERE, "proved")


async def email(visit: Visit) -> Response:
    """`/email`: a link out of a mail; it shows a button, so that a mail scanner's GET changes nothing."""
    which = "undo" if visit.query["undo"] else "confirm"
    return await visit.page("email.html", which=which, token=visit.query[which][:200], refusal=None)


async def settle_email(visit: Visit) -> Response:
    """`POST /email`"""
    which = "undo" if visit.form["which"] == "undo" else "confirm"
    try:
        await ways_in.settle_email(visit.line, which, visit.form["token"])
    except Refusal as refusal:
        if refusal.status not in (401, 409):
            raise
        return await visit.page("email.html", refusal.status, which=which, token="", refusal=refusal)
    if which == "undo":
        visit.visitor.forget()
    return visit.to("/sign-in" if which == "undo" or not visit.visitor.signed_in else HERE, f"email-{which}")


async def shown(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    me, sessions, keys, factors, consents = await asyncio.gather(
        people.me(visit.line),
        people.sessions(visit.line),
        or_none(ways_in.passkeys(visit.line)),
        or_none(ways_in.factors(visit.line)),
        or_none(authorizations.consents(visit.line)),
    )
    context = {"me": me, "sessions": sessions, "passkeys": keys or (), "factors": factors or ways_in.Factors()}
    context["consents"] = consents or ()
    return await visit.page("account_security.html", status, **context, errors=errors or {})


async def _done(visit: Visit, doing: Awaitable[None], told: str) -> Response:
    try:
        await doing
    except Refusal as refusal:
        return await _refused(visit, refusal)
    return visit.to(HERE, told)


async def _refused(visit: Visit, refusal: Refusal) -> Response:
    if refusal.code == "sign_in_again":
        return visit.to(_AGAIN)
    if refusal.code in ("session_ended", "token_expired", "invalid_token", "unauthenticated") or refusal.status >= 500:
        raise refusal
    return await shown(visit, {"": refusal.detail}, refusal.status)


async def _again(visit: Visit, refusal: Refusal | None = None) -> Response:
    factors = await ways_in.factors(visit.line)
    context: dict[str, Any] = {"factors": factors, "errors": {"": refusal.detail} if refusal else {}}
    return await visit.page("account_proof.html", refusal.status if refusal else 200, **context)
