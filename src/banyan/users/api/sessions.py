"""`/v1/sessions`: coming in by password or mailed link, staying in, going out; and one's own sessions."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import StringConstraints

from banyan.contracts import gateway
from banyan.foundation import web
from banyan.foundation.web import Body, Cursor, Limit, Who
from banyan.users import actions
from banyan.users.api.asking import (
    Code,
    EmailText,
    From,
    GuestKey,
    Password,
    SessionId,
    Shop,
    Token,
    Yes,
    answers,
    last_seen,
)
from banyan.users.api.users import private
from banyan.users.domain import views

router = APIRouter(tags=["sessions"])
_WAITING = answers(202, views.SecondStep, words="The account asks for a code as well: POST /v1/sessions/second-step")


class SignIn(Body):
    email: EmailText
    password: Password


class Refresh(Body):
    refresh_token: Token


class LinkAsked(Body):
    email: EmailText


class LinkRedeemed(Body):
    """The token out of the link that was mailed. `keep_passkeys`: those from before the address was proved are my own."""

    token: Token
    keep_passkeys: Yes = False


class LinkLooked(Body):
    token: Token
    attempt: Annotated[str, StringConstraints(max_length=200)] = ""


class CodeTyped(Body):
    """The code in the mail, and the `attempt` that this browser was given when it asked for it."""

    attempt: Token
    code: Code
    keep_passkeys: Yes = False


class SecondStepDone(Body):
    """`code`: the app's six digits, or a recovery code."""

    second_step: Token
    code: Code


@router.post(
    "/v1/sessions",
    status_code=201,
    response_model=None,
    responses=answers(201, views.SignedIn, 401, 403, 409, 422, 429) | _WAITING,
)
async def sign_in(body: SignIn, shop: Shop, visitor: From, key: GuestKey) -> Response:
    """Sign in. `wrong_credentials` (401) for an unknown address as for a wrong password; 429 after five failures.

    202 with `second_step` where the account asks for a code as well.
    """
    return private(web.told(await actions.sign_in(shop, visitor, key, email=body.email, password=body.password)))


@router.post("/v1/sessions/refresh", response_model=None, responses=answers(200, views.Tokens, 401, 422))
async def refresh(
    body: Refresh, shop: Shop, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
) -> Response:
    """Exchange a refresh token for the next pair. Each works once; one that comes again ends its session.

    Only a client that sent an Idempotency-Key may repeat the request, with the same key and within a minute, when the
    answer was lost: it gets the same refresh token again.
    """
    refreshed = await actions.refresh(shop, body.refresh_token, idempotency_key)
    response = private(web.json(refreshed.tokens))
    if refreshed.again:
        response.headers[gateway.IDEMPOTENT_REPLAYED] = "true"
    return response


@router.post(
    "/v1/sessions/magic-link",
    status_code=202,
    response_model=None,
    responses=answers(202, views.LinkSent, 409, 422, 429),
)
async def send_link(body: LinkAsked, shop: Shop, visitor: From, key: GuestKey) -> Response:
    """Mail a one-time sign-in link and code. The answer is the same whether or not there is such an account."""
    return private(web.told(await actions.send_link(shop, visitor, key, email=body.email)))


@router.post(
    "/v1/sessions/magic-link/redeem",
    status_code=201,
    response_model=None,
    responses=answers(201, views.SignedIn, 401, 409, 422) | _WAITING,
)
async def redeem(body: LinkRedeemed, shop: Shop, visitor: From, key: GuestKey) -> Response:
    """Sign in with the token of a mailed link, or of an operator's. `link_invalid` (401) when used before or too old."""
    answer = await actions.redeem(shop, visitor, key, token=body.token, keep_passkeys=body.keep_passkeys)
    return private(web.told(answer))


@router.post("/v1/sessions/magic-link/look", response_model=None, responses=answers(200, views.LinkSeen, 401, 422))
async def look_at_link(body: LinkLooked, shop: Shop) -> Response:
    """Which device asked for a link, before it is used; nothing of it is used up."""
    return private(web.json(await actions.look(shop, token=body.token, attempt=body.attempt)))


@router.post(
    "/v1/sessions/magic-link/code",
    status_code=201,
    response_model=None,
    responses=answers(201, views.SignedIn, 401, 422, 429) | _WAITING,
)
async def redeem_code(body: CodeTyped, shop: Shop, visitor: From) -> Response:
    """Sign in with the code in the mail, on the device that asked for it. `link_invalid` (401) after five wrong ones."""
    given = {"attempt": body.attempt, "code": body.code}
    return private(web.told(await actions.redeem_code(shop, visitor, **given, keep_passkeys=body.keep_passkeys)))


@router.post(
    "/v1/sessions/second-step",
    status_code=201,
    response_model=None,
    responses=answers(201, views.SignedIn, 401, 422, 429),
)
async def second_step(body: SecondStepDone, shop: Shop, visitor: From) -> Response:
    """Finish a sign-in that was answered with `second_step`. `wrong_code` (401); five tries within five minutes."""
    return private(web.told(await actions.finish(shop, visitor, step=body.second_step, code=body.code)))


@router.delete("/v1/sessions/current", status_code=204, response_model=None, responses=answers(204, None, 401))
async def sign_out(shop: Shop, who: Who) -> Response:
    """Sign out here: the session's refresh token ends now, its access token within minutes."""
    await actions.sign_out(shop, who)
    return Response(status_code=204)


@router.get("/v1/me/sessions", response_model=None, responses=answers(200, views.Page[views.SessionView], 401, 422))
async def my_sessions(shop: Shop, who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Where one is signed in, the newest first."""
    found, more = await actions.my_sessions(shop, who, last_seen(cursor), limit)
    return private(web.page(found, web.cursor(found[-1].id) if more else None))


@router.delete("/v1/me/sessions", status_code=204, response_model=None, responses=answers(204, None, 401))
async def end_others(shop: Shop, who: Who) -> Response:
    """Sign out everywhere but here; applications of others lose their access with it."""
    await actions.end_others(shop, who)
    return Response(status_code=204)


@router.delete(
    "/v1/me/sessions/{session_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 404, 422)
)
async def end_session(session_id: SessionId, shop: Shop, who: Who) -> Response:
    """Sign out somewhere else."""
    await actions.end_session(shop, who, session_id)
    return Response(status_code=204)
