"""Coming in by a passkey, a one-time link or a password, with a code where one is asked for; and going out."""

from contextlib import suppress

from starlette.responses import Response

from banyan.console.cookies import Cookie
from banyan.console.doorway import NEEDED, SECURITY
from banyan.console.places import HOME, local
from banyan.console.services import users
from banyan.console.services.users import SignedIn
from banyan.console.visit import Visit
from banyan.foundation.face import ways_in
from banyan.foundation.face.passkeys import answered, asked
from banyan.foundation.face.ways_in import SecondStep
from banyan.kernel.refusals import Forbidden, Refusal

_STEP_SECONDS = 300


async def sign_in(visit: Visit) -> Response:
    """`/console/sign-in`; with `token` it shows the button that uses the link up, so that a mail scanner's GET does not."""
    if visit.query["token"]:
        return await visit.page("link.html", token=visit.query["token"][:200], key=visit.new_key())
    try:
        visit.who = await visit.operator.principal()
    except Refusal:
        return await _page(visit, visit.query["next"])
    if visit.who.may(NEEDED):
        return visit.to(_next(visit.query["next"]))
    raise Forbidden("this account may not use the console", code="no_console")


async def enter(visit: Visit) -> Response:
    """`POST /console/sign-in`"""
    form = visit.form
    try:
        signed_in = await users.sign_in(
            visit.operator.nobody, email=form["email"], password=form.exact("password"), key=form["key"]
        )
    except Refusal as refusal:
        return await _page(visit, form["next"], refusal)
    return await _on(visit, signed_in)


async def enter_by_passkey(visit: Visit) -> Response:
    """`POST /console/sign-in/passkey`"""
    try:
        signed_in = await ways_in.passkey_entry(visit.operator.nobody, SignedIn, "sign-in", *answered(visit))
    except Refusal as refusal:
        return await _page(visit, visit.form["next"], refusal)
    return await _welcome(visit, signed_in)


async def for_passkey(visit: Visit) -> Response:
    """`POST /console/sign-in/passkey/options`"""
    return await asked(visit, ways_in.passkey_options(visit.operator.nobody, "sign-in/"))


async def second_step(visit: Visit) -> Response:
    """`/console/sign-in/step`: the app's code, after password or link."""
    if not visit.jar.get(Cookie.STEP):
        return visit.to("/console/sign-in")
    return await visit.page("second_step.html")


async def finish(visit: Visit) -> Response:
    """`POST /console/sign-in/step`"""
    step, code = visit.jar.get(Cookie.STEP) or "-", visit.form["code"] or "-"
    try:
        signed_in = await ways_in.finish(visit.operator.nobody, SignedIn, step, code)
    except Refusal as refusal:
        if refusal.code in ("wrong_code", "too_many_requests"):
            return await visit.page("second_step.html", refusal.status, refusal=refusal)
        return await _page(visit, "", refusal)
    visit.jar.drop(Cookie.STEP)
    return await _welcome(visit, signed_in)


async def redeem(visit: Visit) -> Response:
    """`POST /console/sign-in/link`"""
    try:
        signed_in = await users.redeem(visit.operator.nobody, visit.form["token"], key=visit.form["key"])
    except Refusal as refusal:
        return await _page(visit, "", refusal)
    return await _on(visit, signed_in)


async def leave(visit: Visit) -> Response:
    """`POST /console/sign-out`"""
    await _sign_out(visit)
    visit.operator.forget()
    visit.renew_seal()
    return visit.to("/console/sign-in", "signed-out")


async def leaving(visit: Visit) -> Response:
    """`/console/sign-out`: a link signs nobody out."""
    return visit.to(HOME)


async def _sign_out(visit: Visit) -> None:
    """Signing out here does not fail where the service does: its tokens are forgotten in any case."""
    with suppress(Refusal):
        await users.sign_out(visit.line)


async def _on(visit: Visit, entered: SignedIn | SecondStep) -> Response:
    if isinstance(entered, SignedIn):
        return await _welcome(visit, entered)
    visit.jar.put(Cookie.STEP, entered.second_step, _STEP_SECONDS)
    return visit.to("/console/sign-in/step")


async def _welcome(visit: Visit, signed_in: SignedIn) -> Response:
    visit.operator.welcome(signed_in, signed_in.user.email)
    visit.renew_seal()
    if NEEDED not in signed_in.user.permissions:
        await _sign_out(visit)
        visit.operator.forget()
        raise Forbidden("this account may not use the console", code="no_console")
    return visit.to(SECURITY if signed_in.factor_needed else _next(visit.form["next"]), "signed-in")


async def _page(visit: Visit, wanted: str, refusal: Refusal | None = None) -> Response:
    return await visit.page(
        "sign_in.html",
        refusal.status if refusal else 200,
        next="" if local(wanted) == HOME else wanted,
        email=visit.form["email"],
        key=visit.new_key(),
        refusal=refusal,
    )


def _next(wanted: str) -> str:
    """Where to go on. Never to a page that would send back here."""
    place = local(wanted)
    return HOME if place.startswith(("/console/sign-in", "/console/sign-out")) else place
