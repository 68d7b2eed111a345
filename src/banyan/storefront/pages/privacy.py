"""One's own data: all of it in an archive, and the end of the account."""

from starlette.responses import Response

from banyan.kernel.refusals import NotFound, Refusal
from banyan.storefront import basket
from banyan.storefront.pages import proof
from banyan.storefront.shop_api import people, privacy
from banyan.storefront.visit import Visit

HERE = "/account/privacy"


async def overview(visit: Visit) -> Response:
    """`/account/privacy`"""
    return await _overview(visit)


async def ask(visit: Visit) -> Response:
    """`POST /account/privacy/archive`"""
    await privacy.ask(visit.line)
    return visit.to(HERE, "archive-asked")


async def fetch(visit: Visit) -> Response:
    """`/account/privacy/archive/{id}`: the archive itself, by a link made just now."""
    for archive in await privacy.archives(visit.line):
        if archive.id == visit.path["id"] and archive.link:
            name = {"content-disposition": f'attachment; filename="{archive.id}.zip"', "cache-control": "no-store"}
            return Response(await privacy.fetch(visit.line, archive), headers=name, media_type="application/zip")
    raise NotFound("there is no such archive")


async def close(visit: Visit) -> Response:
    """`POST /account/privacy/close`: the account ends, and so does everything this browser knew of it."""
    if visit.form["sure"] != "yes":
        return await _overview(visit, {"sure": "Tick this if you are sure."}, 422)
    try:
        closed = await privacy.close(visit.line, visit.form.exact("password"))
    except Refusal as refusal:
        if refusal.code == "sign_in_again":
            return proof.first(visit, HERE)
        if refusal.code not in ("wrong_password", "last_operator") and refusal.status not in (422, 429):
            raise
        field = "password" if refusal.code == "wrong_password" else ""
        return await _overview(visit, {field: refusal.detail}, refusal.status)
    visit.visitor.forget()
    basket.after_sign_out(visit)
    visit.renew_seal()
    return visit.to("/", "account-closed" if closed.due_at <= visit.front.clock.now() else "account-closes")


async def _overview(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    me, archives = await people.me(visit.line), await privacy.archives(visit.line)
    return await visit.page("account_privacy.html", status, me=me, archives=archives, errors=errors or {})
