"""`/v1/me/addresses`: where one's parcels go."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.web import Body, Cursor, Limit, MaybeKey, Who
from banyan.users import actions
from banyan.users.api.asking import (
    AddressId,
    Country,
    IfMatch,
    Line,
    Phone,
    PostalCode,
    Shop,
    SomeLine,
    Yes,
    answers,
    last_seen,
)
from banyan.users.api.users import private
from banyan.users.domain import views
from banyan.users.domain.views import AddressView

router = APIRouter(tags=["addresses"])


class NewAddress(Body):
    """`country` is ISO 3166-1 alpha-2. A postal code is needed where the country's post has them."""

    name: SomeLine
    line1: SomeLine
    line2: Line = ""
    city: SomeLine
    region: Line = ""
    postal_code: PostalCode = ""
    country: Country
    phone: Phone = ""
    is_default: Yes = False


class AddressChanged(Body):
    """Only what is sent is changed."""

    name: SomeLine = ""
    line1: SomeLine = ""
    line2: Line = ""
    city: SomeLine = ""
    region: Line = ""
    postal_code: PostalCode = ""
    country: Country = ""
    phone: Phone = ""
    is_default: Yes = False


@router.get("/v1/me/addresses", response_model=None, responses=answers(200, views.Page[AddressView], 401, 422))
async def my_addresses(shop: Shop, who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """One's addresses in the order they were added."""
    found, more = await actions.my_addresses(shop, who, last_seen(cursor), limit)
    return private(web.page(found, web.cursor(found[-1].id) if more else None))


@short
@router.post(
    "/v1/me/addresses", status_code=201, response_model=None, responses=answers(201, AddressView, 401, 409, 422)
)
async def add_address(body: NewAddress, shop: Shop, who: Who, key: MaybeKey) -> Response:
    """Add one, at most fifty. The first is the default."""
    fields = body.model_dump(exclude={"is_default"})
    return private(web.told(await actions.add_address(shop, who, key, fields, default=body.is_default)))


@router.get("/v1/me/addresses/{address_id}", response_model=None, responses=answers(200, AddressView, 401, 404, 422))
async def my_address(address_id: AddressId, shop: Shop, who: Who) -> Response:
    """One of one's own."""
    return _of(await actions.my_address(shop, who, address_id))


@router.patch(
    "/v1/me/addresses/{address_id}",
    response_model=None,
    responses=answers(200, AddressView, 401, 404, 409, 412, 422, 428),
)
async def change_address(
    address_id: AddressId, body: AddressChanged, shop: Shop, who: Who, if_match: IfMatch = None
) -> Response:
    """Change one; If-Match with its version as an ETag. `is_default: true` takes the mark from the other."""
    read = await actions.my_address(shop, who, address_id)
    web.must_match(if_match, read.version)
    return _of(await actions.change_address(shop, who, read, body.model_dump(exclude_unset=True)))


@router.delete(
    "/v1/me/addresses/{address_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 404, 422)
)
async def remove_address(address_id: AddressId, shop: Shop, who: Who) -> Response:
    """Delete one. If it was the default, the one added last becomes it."""
    await actions.remove_address(shop, who, address_id)
    return Response(status_code=204)


def _of(address: AddressView) -> Response:
    return web.json(address, etag=web.etag(address.version), cache_control="no-store")
