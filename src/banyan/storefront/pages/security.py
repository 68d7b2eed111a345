"""Security of an account: passkeys, the app's codes, recovery codes, the e-mail address, the password, devices."""

import asyncio

from starlette.responses import Response

from banyan.foundation.face import security, ways_in
from banyan.foundation.face.line import or_none
from banyan.kernel.refusals import Refusal
from banyan.storefront.forms import faults
from banyan.storefront.pages import proof
from banyan.storefront.shop_api import authorizations, people
from banyan.storefront.visit import Visit

HERE = "/account/security"


class Security(security.Security[Visit]):
    """`/account/passkeys…`, `/account/totp…`, `/account/recovery-codes`"""

    async def refused(self, visit: Visit, refusal: Refusal) -> Response:
        return await shown(visit, {"": refusal.detail}, refusal.status)

    def again(self, visit: Visit) -> Response:
        return proof.first(visit, HERE)


OWN = Security(HERE, "/account")


async def overview(visit: Visit) -> Response:
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


async def rename_passkey(visit: Visit) -> Response:
    """`POST /account/passkeys/{id}/rename`"""
    return await OWN.done(visit, ways_in.rename_passkey(visit.line, visit.path["id"], visit.form["name"]), "saved")


async def change_email(visit: Visit) -> Response:
    """`POST /account/email`"""
    try:
        await ways_in.change_email(visit.line, visit.form["email"])
    except Refusal as refusal:
        if refusal.code == "sign_in_again":
            return proof.first(visit, HERE)
        if refusal.status not in (403, 409, 422, 429):
            raise
        return await shown(visit, faults(refusal, {"email": "email"}), refusal.status)
    return visit.to(HERE, "email-asked")


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
