"""Signing in and up, by passkey, password or a mailed link, with a code where one is asked for; and signing out."""

from starlette.responses import Response

from banyan.foundation.face import ways_in
from banyan.foundation.face.forms import Form
from banyan.foundation.face.line import or_none
from banyan.foundation.face.passkeys import answered, asked
from banyan.foundation.face.places import with_query
from banyan.foundation.face.session import Tokens
from banyan.foundation.face.ways_in import SecondStep
from banyan.kernel.refusals import Refusal
from banyan.storefront import basket
from banyan.storefront.cookies import Cookie
from banyan.storefront.forms import faults
from banyan.storefront.places import local
from banyan.storefront.shop_api import people
from banyan.storefront.visit import Visit

_FIELDS = {"email": "email", "password": "password", "name": "name"}
_STEP_SECONDS, _ATTEMPT_SECONDS = 300, 600


async def sign_in(visit: Visit) -> Response:
    """`/sign-in`; with `token` from a mailed link it shows the button that uses the link up."""
    if token := visit.query["token"][:200]:
        seen = await or_none(ways_in.look_at_link(visit.line, token, visit.jar.get(Cookie.ATTEMPT)))
        return await visit.page("link.html", token=token, seen=seen or ways_in.LinkSeen())
    if visit.visitor.signed_in and not visit.query["again"]:
        return visit.to(_next(visit.query["next"]))
    return await _sign_in_page(visit, visit.query["next"])


async def enter(visit: Visit) -> Response:
    """`POST /sign-in`"""
    try:
        entered = await people.sign_in(visit.line, email=visit.form["email"], password=visit.form.exact("password"))
    except Refusal as refusal:
        return await _sign_in_page(visit, visit.form["next"], refusal)
    return await _on(visit, entered, "signed-in")


async def enter_by_passkey(visit: Visit) -> Response:
    """`POST /sign-in/passkey`"""
    try:
        tokens = await ways_in.passkey_entry(visit.line, Tokens, "sign-in", *answered(visit))
    except Refusal as refusal:
        return await _sign_in_page(visit, visit.form["next"], refusal)
    return await _welcome(visit, tokens, "signed-in")


async def for_passkey(visit: Visit) -> Response:
    """`POST /sign-in/passkey/options`"""
    return await asked(visit, ways_in.passkey_options(visit.line, "sign-in/"))


async def send_link(visit: Visit) -> Response:
    """`POST /sign-in/link`"""
    try:
        sent = await ways_in.send_link(visit.line, visit.form["email"])
    except Refusal as refusal:
        return await _sign_in_page(visit, visit.form["next"], refusal, link=True)
    if sent.attempt:
        visit.jar.put(Cookie.ATTEMPT, sent.attempt, _ATTEMPT_SECONDS)
    wanted = local(visit.form["next"], "")
    return visit.to(with_query("/sign-in/sent", next=wanted), "link-sent")


async def sent(visit: Visit) -> Response:
    """`/sign-in/sent`: the code in the mail can be typed where the link was asked for."""
    if visit.visitor.signed_in:
        return visit.to(_next(visit.query["next"]))
    return await visit.page("link_sent.html", next=local(visit.query["next"], ""))


async def redeem_code(visit: Visit) -> Response:
    """`POST /sign-in/code`"""
    try:
        entered = await ways_in.redeem_code(
            visit.line,
            visit.jar.get(Cookie.ATTEMPT) or "-",
            visit.form["code"] or "-",
            keep_passkeys=bool(visit.form["keep"]),
        )
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        context = {"next": local(visit.form["next"], ""), "errors": {"code": refusal.detail}}
        return await visit.page("link_sent.html", refusal.status, **context)
    return await _on(visit, entered, "signed-in")


async def redeem(visit: Visit) -> Response:
    """`POST /sign-in/redeem`"""
    try:
        entered = await ways_in.redeem_link(visit.line, visit.form["token"], keep_passkeys=bool(visit.form["keep"]))
    except Refusal as refusal:
        return await _sign_in_page(visit, "", refusal)
    return await _on(visit, entered, "signed-in")


async def second_step(visit: Visit) -> Response:
    """`/sign-in/step`: the app's code, after password or link."""
    if not visit.jar.get(Cookie.STEP):
        return visit.to("/sign-in")
    return await visit.page("second_step.html", next=local(visit.query["next"], ""))


async def finish(visit: Visit) -> Response:
    """`POST /sign-in/step`"""
    try:
        tokens = await ways_in.finish(visit.line, Tokens, visit.jar.get(Cookie.STEP) or "-", visit.form["code"] or "-")
    except Refusal as refusal:
        if refusal.code in ("wrong_code", "too_many_requests"):
            context = {"next": local(visit.form["next"], ""), "errors": {"code": refusal.detail}}
            return await visit.page("second_step.html", refusal.status, **context)
        return await _sign_in_page(visit, visit.form["next"], refusal)
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
        return await _sign_up_page(visit, refusal)
    return await _welcome(visit, tokens, "signed-up")


async def join_by_passkey(visit: Visit) -> Response:
    """`POST /sign-up/passkey`"""
    try:
        tokens = await ways_in.passkey_entry(visit.line, Tokens, "sign-up", *answered(visit))
    except Refusal as refusal:
        return await _sign_up_page(visit, refusal)
    return await _welcome(visit, tokens, "signed-up")


async def for_first_passkey(visit: Visit) -> Response:
    """`POST /sign-up/passkey/options`"""
    newcomer = {"email": visit.form["email"], "name": visit.form["name"]}
    return await asked(visit, ways_in.passkey_options(visit.line, "sign-up/", newcomer))


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


async def arrived(visit: Visit, entered: Tokens | SecondStep, wanted: str) -> Response:
    """Signed in elsewhere, and back for the page `wanted`."""
    visit.form = Form([("next", wanted)])
    return await _on(visit, entered, "signed-in")


async def _on(visit: Visit, entered: Tokens | SecondStep, told: str) -> Response:
    if isinstance(entered, Tokens):
        return await _welcome(visit, entered, told)
    visit.jar.put(Cookie.STEP, entered.second_step, _STEP_SECONDS)
    wanted = local(visit.form["next"], "")
    return visit.to(with_query("/sign-in/step", next=wanted))


async def _welcome(visit: Visit, tokens: Tokens, told: str) -> Response:
    visit.visitor.keep(tokens)
    for once in (Cookie.STEP, Cookie.ATTEMPT, Cookie.CEREMONY):
        visit.jar.drop(once)
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


async def _sign_up_page(visit: Visit, refusal: Refusal) -> Response:
    if refusal.status >= 500:
        raise refusal
    form = visit.form
    errors = {"email": refusal.detail} if refusal.code == "email_taken" else faults(refusal, _FIELDS)
    return await visit.page("sign_up.html", refusal.status, form=form, next=local(form["next"], ""), errors=errors)


def _next(wanted: str) -> str:
    """Where to go on. Never to a page that would send back here."""
    place = local(wanted, "/account")
    return "/account" if place.startswith(("/sign-in", "/sign-up", "/sign-out")) else place
