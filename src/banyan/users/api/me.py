"""`/v1/me`: one's own account."""

from fastapi import APIRouter, Response
from pydantic import Field

from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.web import Body, Who
from banyan.users import actions
from banyan.users.api.asking import (
    Currency,
    EmailText,
    From,
    IfMatch,
    Language,
    Name,
    NewPassword,
    Password,
    Shop,
    SlowKey,
    Token,
    Yes,
    answers,
)
from banyan.users.api.users import of, private
from banyan.users.domain import views

router = APIRouter(tags=["me"])


class PreferencesChanged(Body):
    """Only what is sent is changed; null takes language or currency back."""

    language: Language | None = None
    currency: Currency | None = None
    marketing: Yes = False


class MeChanged(Body):
    """Only what is sent is changed."""

    name: Name = ""
    preferences: PreferencesChanged = Field(default_factory=PreferencesChanged)


class PasswordChanged(Body):
    """`current` may be left out only by someone who has no password yet."""

    current: Password | None = None
    new: NewPassword


class EmailWanted(Body):
    email: EmailText


class EmailToken(Body):
    """The token out of the link that was mailed."""

    token: Token


@short
@router.get("/v1/me", response_model=None, responses=answers(200, views.UserView, 401))
async def me(shop: Shop, who: Who) -> Response:
    """Who is signed in."""
    return of(await actions.me(shop, who))


@short
@router.patch("/v1/me", response_model=None, responses=answers(200, views.UserView, 401, 412, 422, 428))
async def change_me(body: MeChanged, shop: Shop, who: Who, if_match: IfMatch = None) -> Response:
    """Change name and preferences; If-Match with the ETag of `GET /v1/me`."""
    account = await actions.me(shop, who)
    web.must_match(if_match, account.version)
    given = body.model_dump(exclude_unset=True)
    return of(await actions.change_profile(shop, account, given.get("name"), given.get("preferences", {})))


@router.post(
    "/v1/me/email", status_code=202, response_model=None, responses=answers(202, views.Expires, 401, 403, 422, 429)
)
async def change_email(body: EmailWanted, shop: Shop, who: Who, visitor: From) -> Response:
    """Ask for another address: a link goes there, and nothing changes before it is confirmed.

    `sign_in_again` (403) after ten minutes. The answer is the same where the address has an account.
    """
    return private(web.json(await actions.ask_email(shop, who, visitor, email=body.email), 202))


@router.post("/v1/me/email/confirm", status_code=204, response_model=None, responses=answers(204, None, 401, 409, 422))
async def confirm_email(body: EmailToken, shop: Shop) -> Response:
    """The link in the new mailbox: the address is changed, and the old one gets a link that undoes it for seven days."""
    await actions.confirm_email(shop, token=body.token)
    return private(Response(status_code=204))


@router.post("/v1/me/email/undo", status_code=204, response_model=None, responses=answers(204, None, 401, 409, 422))
async def undo_email(body: EmailToken, shop: Shop) -> Response:
    """The link in the old mailbox: the address before comes back, and every session ends."""
    await actions.undo_email(shop, token=body.token)
    return private(Response(status_code=204))


@router.post(
    "/v1/me/password", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 409, 422, 429)
)
async def change_password(body: PasswordChanged, shop: Shop, who: Who, visitor: From, key: SlowKey) -> Response:
    """Choose a new password; every other session ends. `wrong_password` (403) when `current` does not fit."""
    who.signed_in()
    answer = await actions.change_password(shop, who, visitor, key, current=body.current, new=body.new)
    return private(web.told(answer))
