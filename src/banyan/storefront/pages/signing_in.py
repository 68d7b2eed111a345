"""Signing in and up, by password or by a mailed link, and signing out."""

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.session import Tokens
from banyan.kernel.refusals import Refusal
from banyan.storefront import basket
from banyan.storefront.forms import faults
from banyan.storefront.places import local
from banyan.storefront.shop_api import people
from banyan.storefront.visit import Visit

_FIELDS = {"email": "email", "password": "password", "name": "name"}


async def sign_in(visit: Visit) -> Response:
    """`/sign-in`; with `token` from a mailed link it shows the button that uses the link up."""
    if visit.query["token"]:
        return await visit.page("link.html", token=visit.query["token"][:200])
    if visit.visitor.signed_in:
        return visit.to(_next(visit.query["next"]))
    return await _sign_in_page(visit, visit.query["next"])


async def enter(visit: Visit) -> Response:
    """`POST /sign-in`"""
    try:
        tokens = await people.sign_in(visit.line, email=visit.form["email"], password=visit.form.exact("password"))
    except Refusal as refusal:
        return await _sign_in_page(visit, visit.form["next"], refusal)
    return await _welcome(visit, tokens, "signed-in")


async def send_link(visit: Visit) -> Response:
    """`POST /sign-in/link`"""
    try:
        await people.send_link(visit.line, visit.form["email"])
    except Refusal as refusal:
        return await _sign_in_page(visit, visit.form["next"], refusal, link=True)
    return visit.to("/sign-in", "link-sent")


async def redeem(visit: Visit) -> Response:
    """`POST /sign-in/redeem`"""
    try:
        tokens = await people.redeem_link(visit.line, visit.form["token"])
    except Refusal as refusal:
        return await _sign_in_page(visit, "", refusal)
    return await _welcome(visit, tokens, "signed-in")


async def sign_up(visit: Visit) -> Response:
    """`/sign-up`"""
    if visit.visitor.signed_in:
        return visit.to(_next(visit.query["next"]))
    return await visit.page("sign_up.html", form=visit.form, next=local(visit.query["next"], ""))


async def join(visit: Visit) -> Response:
    """`POST /sign-up`"""
    form = visit.form
    try:
        tokens = await people.sign_up(
            visit.line, email=form["email"], password=form.exact("password"), name=form["name"]
        )
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        errors = {"email": refusal.detail} if refusal.code == "email_taken" else faults(refusal, _FIELDS)
        return await visit.page("sign_up.html", refusal.status, form=form, next=local(form["next"], ""), errors=errors)
    return await _welcome(visit, tokens, "signed-up")


async def leaving(visit: Visit) -> Response:
    """`/sign-out`: a link changes nothing, the button does."""
    return await visit.page("sign_out.html") if visit.visitor.signed_in else visit.to("/")


async def leave(visit: Visit) -> Response:
    """`POST /sign-out`"""
    await or_none(people.sign_out(visit.line))
    visit.visitor.forget()
    basket.after_sign_out(visit)
    visit.renew_seal()
    return visit.to("/", "signed-out")


async def _welcome(visit: Visit, tokens: Tokens, told: str) -> Response:
    visit.visitor.keep(tokens)
    visit.renew_seal()
    await basket.after_sign_in(visit)
    return visit.to(_next(visit.form["next"]), told)


async def _sign_in_page(visit: Visit, wanted: str, refusal: Refusal | None = None, *, link: bool = False) -> Response:
    if refusal is not None and refusal.status >= 500:
        raise refusal
    return await visit.page(
        "sign_in.html",
        refusal.status if refusal else 200,
        form=visit.form,
        next=local(wanted, ""),
        link=link,
        errors=faults(refusal, _FIELDS) if refusal else {},
    )


def _next(wanted: str) -> str:
    """Where to go on. Never to a page that would send back here."""
    place = local(wanted, "/account")
    return "/account" if place.startswith(("/sign-in", "/sign-up", "/sign-out")) else place
