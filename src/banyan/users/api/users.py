"""`/v1/users` and `/v1/roles`: signing up, and what operators do with accounts."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from banyan.foundation import web
from banyan.foundation.web import Body, Cursor, Limit, Who
from banyan.users import actions
from banyan.users.api.asking import (
    EmailText,
    From,
    GuestKey,
    IfMatch,
    Name,
    NewPassword,
    Role,
    Shop,
    UserId,
    answers,
    email_asked,
    last_seen,
)
from banyan.users.domain import views
from banyan.users.domain.accounts import Account

router = APIRouter(tags=["users"])


class SignUp(Body):
    """A new account. The password: 15 to 128 characters, not a common one, not the address."""

    email: EmailText
    password: NewPassword
    name: Name = ""


class RolesGiven(Body):
    """Exactly these roles, no others."""

    roles: Annotated[list[Role], Field(max_length=20)]


@router.post("/v1/users", status_code=201, response_model=None, responses=answers(201, views.SignedUp, 409, 422, 429))
async def sign_up(body: SignUp, shop: Shop, visitor: From, key: GuestKey) -> Response:
    """Sign up, and be signed in. `email_taken` (409) when the mailbox has an account; a network may learn that only so often."""
    answer = await actions.sign_up(shop, visitor, key, email=body.email, password=body.password, name=body.name)
    return private(web.told(answer))


@router.get("/v1/users", response_model=None, responses=answers(200, views.Page[views.UserView], 401, 403, 422))
async def list_users(
    shop: Shop,
    who: Who,
    email: Annotated[str | None, Query(max_length=254)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Accounts in the order they were made; with `email` only the one that has this address, however it is spelt."""
    found, more = await actions.users(shop, who, email=email_asked(email), after=last_seen(cursor), limit=limit)
    return private(web.page([*map(views.of_account, found)], web.cursor(found[-1].id) if more else None))


@router.get("/v1/users/{user_id}", response_model=None, responses=answers(200, views.UserView, 401, 403, 404, 422))
async def get_user(user_id: UserId, shop: Shop, who: Who) -> Response:
    """One account: one's own, or with `users:read` anybody's."""
    return of(await actions.user(shop, who, user_id))


@router.put(
    "/v1/users/{user_id}/roles",
    response_model=None,
    responses=answers(200, views.UserView, 401, 403, 404, 409, 412, 422),
)
async def set_roles(user_id: UserId, body: RolesGiven, shop: Shop, who: Who, if_match: IfMatch = None) -> Response:
    """Give exactly these roles and end the user's sessions. `last_operator` (409) when nobody would be left to give roles.

    If-Match is honoured where it is sent.
    """
    who.must("users:write")
    version = None
    if if_match is not None:
        version = (await actions.user(shop, who, user_id)).version
        web.must_match(if_match, version)
    return of(await actions.set_roles(shop, who, user_id, body.roles, version=version))


@router.get("/v1/roles", response_model=None, responses=answers(200, views.Page[views.RoleView], 401, 403))
async def list_roles(who: Who) -> Response:
    """Every role and what it permits. For those who read users."""
    who.must("users:read")
    return web.page(actions.all_roles(), None)


def of(account: Account) -> Response:
    """An account as an answer, with its ETag."""
    return web.json(views.of_account(account), etag=web.etag(account.version), cache_control="no-store")


def private(response: Response) -> Response:
    """Not to be kept by anybody on the way."""
    response.headers["cache-control"] = "no-store"
    return response
