"""`/v1/api-keys`: keys for programs of the shop's own people, made and ended by operators."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints

from banyan.contracts.users import PERMISSIONS
from banyan.foundation import web
from banyan.foundation.web import Body, Cursor, Limit, MaybeKey, Who
from banyan.users.actions import api_keys as actions
from banyan.users.api.asking import SHOWN, Shop, answers, last_seen
from banyan.users.api.users import private
from banyan.users.domain import views
from banyan.users.domain.api_keys import DAYS, MOST_DAYS, MOST_OVERLAP, OVERLAP_SECONDS

router = APIRouter(prefix="/v1/api-keys", tags=["api-keys"])
KeyId = Annotated[str, Path(pattern="^apk_[0-9a-z]{26}$")]
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=SHOWN)]
Scope = Annotated[str, Field(max_length=40, json_schema_extra={"enum": sorted(PERMISSIONS)})]


class NewApiKey(Body):
    """What a key is for, what it may do (permissions of yours), and for how many days."""

    name: KeyName
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = DAYS


class Rotation(Body):
    """For how many seconds the old key goes on working."""

    overlap: Annotated[int, Field(strict=True, ge=0, le=MOST_OVERLAP)] = OVERLAP_SECONDS


_DAY = Rotation()


@router.get("", response_model=None, responses=answers(200, views.Page[views.ApiKeyView], 401, 403, 422))
async def list_api_keys(shop: Shop, who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """One's own keys, or with `users:write` everybody's, the newest first. None of them shows the key itself."""
    found, more = await actions.api_keys_of(shop, who, last_seen(cursor), limit)
    return private(web.page(found, web.cursor(found[-1].id) if more else None))


@router.post("", status_code=201, response_model=None, responses=answers(201, views.MadeApiKey, 401, 403, 409, 422))
async def make_api_key(body: NewApiKey, shop: Shop, who: Who, key: MaybeKey) -> Response:
    """Make a key: it is in this answer and never again. `sign_in_again` (403) after ten minutes."""
    return private(
        web.told(await actions.make_api_key(shop, who, key, name=body.name, scopes=body.scopes, days=body.days))
    )


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    response_model=None,
    responses=answers(201, views.MadeApiKey, 401, 403, 404, 409, 422),
)
async def rotate_api_key(key_id: KeyId, shop: Shop, who: Who, key: MaybeKey, body: Rotation = _DAY) -> Response:
    """Make a key like this one, which goes on working for the overlap."""
    return private(web.told(await actions.rotate_api_key(shop, who, key, key_id, overlap=body.overlap)))


@router.delete("/{key_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 404, 422))
async def revoke_api_key(key_id: KeyId, shop: Shop, who: Who) -> Response:
    """End a key: nowhere does it work longer than 30 seconds more."""
    await actions.revoke_api_key(shop, who, key_id)
    return Response(status_code=204)
