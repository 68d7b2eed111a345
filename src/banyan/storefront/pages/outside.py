"""Signing in with an outside OpenID Connect provider: there, back, and linked to an account that was there before."""

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import with_query
from banyan.kernel.refusals import Refusal
from banyan.storefront.cookies import Cookie
from banyan.storefront.pages import signing_in
from banyan.storefront.pages.authorizing import leave_for
from banyan.storefront.places import local
from banyan.storefront.shop_api import authorizations
from banyan.storefront.visit import Visit

_SECONDS = 1800  # there and back, and for linking


async def set_out(visit: Visit) -> Response:
    """`POST /sign-in/with/oidc`"""
    browser = visit.front.ids.secret(32).hex()
    to = await authorizations.set_out(visit.line, browser, local(visit.form["next"], ""))
    visit.jar.put(Cookie.OUTSIDE, browser, _SECONDS)
    return await leave_for(visit, to)


async def come_back(visit: Visit) -> Response:
    """`/sign-in/with/oidc/back`: what the provider says is worth something only in the browser that set out."""
    query = visit.request.url.query[:8192] or "-"
    try:
        entered, wanted = await authorizations.come_back(visit.visitor.nobody, _browser(visit), query)
    except Refusal as refusal:
        if refusal.code == "outside_unlinked":
            return visit.to(with_query("/account/outside", token=str(refusal.more.get("link", ""))))
        if refusal.status >= 500:
            raise
        told = "outside-unverified" if refusal.code == "outside_email_unverified" else "outside-refused"
        return visit.to("/sign-in", told)
    return await signing_in.arrived(visit, entered, wanted)


async def linking(visit: Visit) -> Response:
    """`/account/outside`: who has signed in says whether it is them."""
    if not visit.query["token"]:
        return visit.to("/account/security")
    return await visit.page("outside_link.html", token=visit.query["token"][:200], name=visit.front.settings.oidc_name)


async def link(visit: Visit) -> Response:
    """`POST /account/outside`"""
    try:
        await authorizations.link(visit.line, _browser(visit), visit.form["token"] or "-")
    except Refusal as refusal:
        if refusal.code == "sign_in_again":
            again = with_query("/account/outside", token=visit.form["token"][:200])
            return visit.to(with_query("/sign-in", next=again, again="1"))
        if refusal.status >= 500:
            raise
        other = refusal.code == "outside_other_mailbox"
        return visit.to("/account/security", "outside-other" if other else "outside-refused")
    visit.jar.drop(Cookie.OUTSIDE)
    return visit.to("/account/security", "outside-linked")


async def unlink(visit: Visit) -> Response:
    """`POST /account/outside/unlink`"""
    await or_none(authorizations.unlink(visit.line))
    return visit.to("/account/security", "saved")


def _browser(visit: Visit) -> str:
    return visit.jar.get(Cookie.OUTSIDE) or "no browser that set out"
