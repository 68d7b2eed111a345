"""Showing that it is still them, for what must not be done by whoever finds an open screen; and back to where it is done."""

from starlette.responses import Response

from banyan.foundation.face import ways_in
from banyan.foundation.face.passkeys import answered, asked
from banyan.foundation.face.places import with_query
from banyan.kernel.refusals import Refusal
from banyan.storefront.places import local
from banyan.storefront.visit import Visit

_BACK = "/account/security"


def first(visit: Visit, back: str) -> Response:
    """This comes first, then the page `back`."""
    return visit.to(with_query("/account/proof", next="" if back == _BACK else back))


async def page(visit: Visit) -> Response:
    """`/account/proof`"""
    return await _page(visit, visit.query["next"])


async def prove(visit: Visit) -> Response:
    """`POST /account/proof`"""
    try:
        await ways_in.prove(visit.line, password=visit.form.exact("password"), code=visit.form["code"])
    except Refusal as refusal:
        if refusal.status not in (403, 422, 429):
            raise
        return await _page(visit, visit.form["next"], refusal)
    return visit.to(local(visit.form["next"], _BACK), "proved")


async def by_passkey(visit: Visit) -> Response:
    """`POST /account/proof/passkey`"""
    ceremony, credential = answered(visit)
    try:
        await ways_in.prove_by_passkey(visit.line, ceremony, credential)
    except Refusal as refusal:
        if refusal.code != "passkey_refused":
            raise
        return await _page(visit, visit.form["next"], refusal)
    return visit.to(local(visit.form["next"], _BACK), "proved")


async def for_passkey(visit: Visit) -> Response:
    """`POST /account/proof/passkey/options`"""
    return await asked(visit, ways_in.passkey_options(visit.line, "proof/"))


async def _page(visit: Visit, wanted: str, refusal: Refusal | None = None) -> Response:
    factors, errors = await ways_in.factors(visit.line), {"": refusal.detail} if refusal else {}
    status = refusal.status if refusal else 200
    return await visit.page("account_proof.html", status, factors=factors, next=local(wanted, ""), errors=errors)
