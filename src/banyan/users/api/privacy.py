"""`/v1/me/export`, `DELETE /v1/me` and `/v1/erasures`: all that is kept of someone, and being forgotten."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from banyan.foundation import web
from banyan.foundation.web import Body, Cursor, Limit, Who
from banyan.users import actions
from banyan.users.api.asking import From, Password, Shop, answers, last_seen
from banyan.users.api.users import private
from banyan.users.domain.privacy import Erasure, Export
from banyan.users.domain.views import Page, View

router = APIRouter(tags=["privacy"])
ExportId = Annotated[str, Path(pattern="^exp_[0-9a-z]{26}$")]
ErasureId = Annotated[str, Path(pattern="^era_[0-9a-z]{26}$")]


class Closing(Body):
    """`password` where the last sign-in is longer than ten minutes ago."""

    password: Password | None = None


class ExportView(View):
    """An archive. `link` is there once it is `ready`: for a quarter of an hour, and for its owner alone."""

    id: str
    state: Literal["making", "ready", "failed"]
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime
    size: int | None
    link: str | None


class ErasureView(View):
    """An account that is being forgotten: `waiting` until `due_at`, then `erasing` until nothing is left of it."""

    id: str
    user_id: str
    state: Literal["waiting", "erasing", "erased"]
    asked_at: datetime
    due_at: datetime
    steps: dict[str, datetime]
    waits_for: str
    done_at: datetime | None


@router.post("/v1/me/export", status_code=202, response_model=None, responses=answers(202, ExportView, 401))
async def ask_export(shop: Shop, who: Who) -> Response:
    """Everything that is kept about whoever asks, from all services, as one archive; look at the list until it is ready."""
    return private(web.json(await _export(shop, await actions.ask_export(shop, who)), status=202))


@router.get("/v1/me/export", response_model=None, responses=answers(200, Page[ExportView], 401))
async def my_exports(shop: Shop, who: Who) -> Response:
    """One's own archives, the newest first; each is kept for two days."""
    found = await actions.my_exports(shop, who)
    return private(web.page([await _export(shop, each) for each in found], None))


@router.get(
    "/v1/me/export/{export_id}/archive",
    response_model=None,
    responses=answers(200, None, 401, 404, words="A zip archive"),
)
async def fetch_export(
    export_id: ExportId,
    shop: Shop,
    who: Who,
    until: Annotated[int, Query(ge=0, lt=1 << 40)],
    signature: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The archive itself, by the `link` of the list."""
    archive = await actions.fetch_export(shop, who, export_id, until, signature)
    name = {"content-disposition": f'attachment; filename="{export_id}.zip"'}
    return private(Response(archive, headers=name, media_type="application/zip"))


@router.delete("/v1/me", status_code=202, response_model=None, responses=answers(202, ErasureView, 401, 403, 409, 429))
async def close_me(shop: Shop, who: Who, visitor: From, body: Closing | None = None) -> Response:
    """Close the account and forget its person. Needs a sign-in of the last ten minutes (`sign_in_again`), or the password.

    Sessions end at once. After the time of grace (BANYAN_ERASURE_DAYS) nothing can be taken back.
    """
    password = body.password if body else None
    return private(web.json(_erasure(await actions.close_me(shop, who, visitor, password)), status=202))


@router.get("/v1/erasures", response_model=None, responses=answers(200, Page[ErasureView], 401, 403))
async def erasures(shop: Shop, who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Accounts that were closed to be forgotten, the newest first, and how far each is. For those who read users."""
    found, more = await actions.all_erasures(shop, who, last_seen(cursor), limit)
    return private(web.page([*map(_erasure, found)], web.cursor(found[-1].id) if more else None))


@router.delete(
    "/v1/erasures/{erasure_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 404)
)
async def call_off(erasure_id: ErasureId, shop: Shop, who: Who) -> Response:
    """Open an account again while its time of grace lasts. Needs `users:write`."""
    await actions.call_off(shop, who, erasure_id)
    return private(Response(status_code=204))


async def _export(shop: Shop, export: Export) -> ExportView:
    return ExportView(
        id=export.id,
        state=export.state,
        asked_at=export.asked_at,
        ready_at=export.ready_at,
        expires_at=export.expires_at,
        size=export.size,
        link=await actions.export_link(shop, export) if export.ready_at else None,
    )


def _erasure(erasure: Erasure) -> ErasureView:
    return ErasureView(
        id=erasure.id,
        user_id=erasure.account_id,
        state=erasure.state,
        asked_at=erasure.asked_at,
        due_at=erasure.due_at,
        steps={name: datetime.fromisoformat(at) for name, at in erasure.steps.items()},
        waits_for=erasure.waits_for,
        done_at=erasure.done_at,
    )
