"""`/v1/passkeys`: signing in, up and again with a passkey, and one's own passkeys (W3C Web Authentication).

Each ceremony has two halves: a challenge (`…/options`), and the browser's answer to it. The `ceremony` that comes with the
challenge belongs to the browser that asked, works once and for five minutes.
"""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.web import Body, Who
from banyan.users.actions import passkeys
from banyan.users.api.asking import (
    Credential,
    EmailText,
    From,
    Name,
    PasskeyId,
    PasskeyName,
    Shop,
    Token,
    answers,
)
from banyan.users.api.users import private
from banyan.users.domain import views

router = APIRouter(prefix="/v1/passkeys", tags=["passkeys"])


class Newcomer(Body):
    email: EmailText
    name: Name = ""


class Answered(Body):
    """What the browser answered. `credential`: its toJSON()."""

    ceremony: Token
    credential: Credential


class Added(Answered):
    """`name`: what its owner calls it; empty: after the browser."""

    name: PasskeyName | None = None


class Renamed(Body):
    name: PasskeyName


@router.post("/sign-in/options", response_model=None, responses=answers(200, views.Ceremony, 429))
async def ask_passkey_sign_in(shop: Shop, visitor: From) -> Response:
    """A challenge that anybody's passkey may answer: the device knows whose it is."""
    return private(web.json(await passkeys.ask_sign_in(shop, visitor)))


@router.post("/sign-in", status_code=201, response_model=None, responses=answers(201, views.SignedIn, 401, 422))
async def sign_in_by_passkey(body: Answered, shop: Shop, visitor: From) -> Response:
    """Sign in with a passkey. `passkey_refused` (401) for whatever does not hold; no second step is asked for."""
    answer = await passkeys.sign_in(shop, visitor, ceremony=body.ceremony, credential=body.credential)
    return private(web.told(answer))


@router.post("/sign-up/options", response_model=None, responses=answers(200, views.Ceremony, 409, 422, 429))
async def ask_passkey_sign_up(body: Newcomer, shop: Shop, visitor: From) -> Response:
    """A challenge for a new account's passkey. `email_taken` (409); a network may learn that only so often."""
    return private(web.json(await passkeys.ask_sign_up(shop, visitor, email=body.email, name=body.name)))


@router.post("/sign-up", status_code=201, response_model=None, responses=answers(201, views.SignedUp, 401, 409, 422))
async def sign_up_by_passkey(body: Answered, shop: Shop, visitor: From) -> Response:
    """A new account with a passkey and without a password, signed in."""
    answer = await passkeys.sign_up(shop, visitor, ceremony=body.ceremony, credential=body.credential)
    return private(web.told(answer))


@router.post("/proof/options", response_model=None, responses=answers(200, views.Ceremony, 401))
async def ask_passkey_proof(shop: Shop, who: Who) -> Response:
    """A challenge for who is signed in, to prove that it is still them."""
    who.signed_in()
    return private(web.json(await passkeys.ask_proof(shop, who)))


@router.post("/proof", status_code=204, response_model=None, responses=answers(204, None, 401, 422))
async def prove_by_passkey(body: Answered, shop: Shop, who: Who) -> Response:
    """It is still them: for ten minutes ways to sign in may be changed."""
    who.signed_in()
    await passkeys.prove(shop, who, ceremony=body.ceremony, credential=body.credential)
    return private(Response(status_code=204))


@router.post("/options", response_model=None, responses=answers(200, views.Ceremony, 401, 403, 409))
async def ask_to_add_passkey(shop: Shop, who: Who) -> Response:
    """A challenge for one more passkey. `sign_in_again` (403) when the last proof is older than ten minutes."""
    who.signed_in()
    return private(web.json(await passkeys.ask_add(shop, who)))


@router.post("", status_code=201, response_model=None, responses=answers(201, views.PasskeyView, 401, 403, 409, 422))
async def add_passkey(body: Added, shop: Shop, who: Who, visitor: From) -> Response:
    """Keep one more passkey; at most twenty."""
    who.signed_in()
    name = body.name or ""
    made = await passkeys.add(shop, who, visitor, ceremony=body.ceremony, credential=body.credential, name=name)
    return private(web.json(made, 201))


@router.get("", response_model=None, responses=answers(200, views.Page[views.PasskeyView], 401))
async def my_passkeys(shop: Shop, who: Who) -> Response:
    """One's own passkeys, the oldest first."""
    who.signed_in()
    return private(web.page(await passkeys.mine(shop, who), None))


@router.patch("/{passkey_id}", response_model=None, responses=answers(200, views.PasskeyView, 401, 404, 422))
async def rename_passkey(passkey_id: PasskeyId, body: Renamed, shop: Shop, who: Who) -> Response:
    """Call a passkey something else."""
    who.signed_in()
    return private(web.json(await passkeys.rename(shop, who, passkey_id, body.name)))


@router.delete(
    "/{passkey_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 404, 409, 422)
)
async def remove_passkey(passkey_id: PasskeyId, shop: Shop, who: Who) -> Response:
    """Forget a passkey. `last_factor` (409) when nobody could come in any more; `sign_in_again` (403)."""
    who.signed_in()
    await passkeys.remove(shop, who, passkey_id)
    return Response(status_code=204)
