"""`/v1/me`: one's own account."""

from fastapi import APIRouter, Response
from pydantic import Field

from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.web import Body, Who
from banyan.users import actions
from banyan.users.api.asking import (
    Currency,
    From,
    IfMatch,
    Language,
    Name,
    NewPassword,
    Password,
    Shop,
    SlowKey,
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
    "/v1/me/password", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 409, 422, 429)
)
async def change_password(body: PasswordChanged, shop: Shop, who: Who, visitor: From, key: SlowKey) -> Response:
    """Choose a new password; every other session ends. `wrong_password` (403) when `current` does not fit."""
    who.signed_in()
    answer = await actions.change_password(shop, who, visitor, key, current=body.current, new=body.new)
    return private(web.told(answer))
