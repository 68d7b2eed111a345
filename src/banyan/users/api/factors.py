"""`/v1/me/factors`, `/v1/me/totp`, `/v1/me/recovery-codes`: what one proves oneself with besides passkeys."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.web import Body, Who
from banyan.users.actions import factors
from banyan.users.api.asking import Code, From, Password, Shop, answers
from banyan.users.api.users import private
from banyan.users.domain import views

router = APIRouter(prefix="/v1/me", tags=["factors"])


class CodeTyped(Body):
    code: Code


class Proof(Body):
    """The password; or a code, where the account asks for codes."""

    password: Password | None = None
    code: Code | None = None


@router.get("/factors", response_model=None, responses=answers(200, views.FactorsView, 401))
async def mine(shop: Shop, who: Who) -> Response:
    """What one has, and whether it may be changed now without proving oneself again."""
    who.signed_in()
    return private(web.json(await factors.mine(shop, who)))


@router.post("/proof", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 422, 429))
async def prove(body: Proof, shop: Shop, who: Who, visitor: From) -> Response:
    """Sign in again without a new session: for ten minutes ways to sign in may be changed."""
    who.signed_in()
    await factors.prove(shop, who, visitor, password=body.password, code=body.code)
    return private(Response(status_code=204))


@router.post("/totp", response_model=None, responses=answers(200, views.TotpBegun, 401, 403, 409))
async def begin_totp(shop: Shop, who: Who) -> Response:
    """A secret for an authenticator app. It counts for nothing until a code of it is confirmed."""
    who.signed_in()
    return private(web.json(await factors.begin_totp(shop, who)))


@router.post("/totp/confirm", response_model=None, responses=answers(200, views.RecoveryCodes, 401, 403, 409, 422, 429))
async def confirm_totp(body: CodeTyped, shop: Shop, who: Who) -> Response:
    """From now on passwords and links ask for a code as well. The recovery codes are shown this once."""
    who.signed_in()
    return private(web.json(await factors.confirm_totp(shop, who, body.code)))


@router.delete("/totp", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 404, 409))
async def remove_totp(shop: Shop, who: Who) -> Response:
    """No codes any more; recovery codes go with them."""
    who.signed_in()
    await factors.remove_totp(shop, who)
    return Response(status_code=204)


@router.post("/recovery-codes", response_model=None, responses=answers(200, views.RecoveryCodes, 401, 403, 409))
async def renew_recovery_codes(shop: Shop, who: Who) -> Response:
    """Ten new recovery codes, shown this once; the old ones are void."""
    who.signed_in()
    return private(web.json(await factors.renew_recovery_codes(shop, who)))
