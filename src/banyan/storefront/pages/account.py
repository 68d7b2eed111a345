"""The account: profile, orders, addresses, cards."""

import asyncio

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.kernel.refusals import Refusal
from banyan.storefront import addresses, countries, story
from banyan.storefront.forms import faults
from banyan.storefront.pages import hosted, paying
from banyan.storefront.pages.card import card_fields, typed_card
from banyan.storefront.shop_api import orders, people, wallet
from banyan.storefront.shop_api.shapes import Address, SavedAddress, VaultCard
from banyan.storefront.visit import Visit


async def overview(visit: Visit) -> Response:
    """`/account`"""
    return await _overview(visit)


async def rename(visit: Visit) -> Response:
    """`POST /account`"""
    try:
        await people.rename(visit.line, await people.me(visit.line), visit.form["name"])
    except Refusal as refusal:
        if refusal.status == 412:
            return visit.to("/account", "changed-meanwhile")
        if refusal.status != 422:
            raise
        return await _overview(visit, faults(refusal, {"name": "name"}))
    return visit.to("/account", "saved")


async def _overview(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    me, recent = await asyncio.gather(people.me(visit.line), or_none(orders.mine(visit.line, limit=3)))
    return await visit.page(
        "account.html",
        422 if errors else 200,
        me=me,
        name=visit.form["name"] or me.name,
        recent=recent.items if recent else (),
        labels=story.label,
        errors=errors or {},
    )


async def history(visit: Visit) -> Response:
    """`/account/orders`"""
    page = await orders.mine(visit.line, visit.query["cursor"][:500])
    return await visit.page("account_orders.html", page=page, labels=story.label)


async def cards(visit: Visit) -> Response:
    """`/account/payment`"""
    return await _cards(visit)


async def add_card(visit: Visit) -> Response:
    """`POST /account/payment`"""
    key, by_stripe = visit.form["key"], visit.form["way"] == hosted.WAY
    card = hosted.typed(visit) or hosted.TYPE_IT if by_stripe else await typed_card(visit, key)
    if not isinstance(card, VaultCard):
        return await _cards(visit, card)
    try:
        await wallet.save(visit.line, card, key=key, provider=hosted.PROVIDER if by_stripe else paying.PROVIDER)
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        return await _cards(visit, {hosted.FIELD if by_stripe else "": refusal.detail})
    return visit.to("/account/payment", "saved")


async def remove_card(visit: Visit) -> Response:
    """`POST /account/payment/{id}/remove`"""
    try:
        await wallet.remove(visit.line, visit.path["id"])
    except Refusal as refusal:
        if refusal.status != 404:
            raise
    return visit.to("/account/payment", "deleted")


async def _cards(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    methods, options = await asyncio.gather(
        wallet.methods(visit.line), or_none(wallet.options(visit.line, visit.currency))
    )
    ways = paying.typed_ways(visit, options, "/account/payment", None, errors or {})
    return await visit.page(
        "account_payment.html",
        422 if errors else 200,
        methods=methods,
        ways=ways,
        chosen=visit.form["way"] or (ways[0].value if ways else ""),
        errors=errors or {},
        card=card_fields(visit, "/account/payment", errors or {}),
    )


async def book(visit: Visit) -> Response:
    """`/account/addresses`"""
    saved = await people.addresses(visit.line)
    return await visit.page(
        "account_addresses.html",
        saved=[(each, addresses.lines(each, countries.COUNTRIES.get(each.country, each.country))) for each in saved],
    )


async def new_address(visit: Visit) -> Response:
    """`/account/addresses/new`"""
    country = countries.likely(visit.request.headers.get("accept-language", ""), visit.currency)
    return await _address_page(visit, Address(country=country))


async def add_address(visit: Visit) -> Response:
    """`POST /account/addresses/new`"""
    address = addresses.typed(visit.form)
    errors = addresses.missing(address)
    if errors:
        return await _address_page(visit, address, None, errors)
    try:
        await people.add_address(visit.line, address, key=visit.form["key"], default=bool(visit.form["default"]))
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        return await _address_page(visit, address, None, faults(refusal, addresses.POINTED))
    return visit.to("/account/addresses", "saved")


async def edit_address(visit: Visit) -> Response:
    """`/account/addresses/{id}`"""
    saved = await people.address(visit.line, visit.path["id"])
    return await _address_page(visit, saved, saved)


async def change_address(visit: Visit) -> Response:
    """`POST /account/addresses/{id}`"""
    saved = await people.address(visit.line, visit.path["id"])
    address = addresses.typed(visit.form)
    errors = addresses.missing(address)
    if errors:
        return await _address_page(visit, address, saved, errors)
    try:
        await people.change_address(visit.line, saved, address, default=bool(visit.form["default"]))
    except Refusal as refusal:
        if refusal.status == 412:
            return visit.to(visit.request.url.path, "changed-meanwhile")
        if refusal.status not in (409, 422):
            raise
        return await _address_page(visit, address, saved, faults(refusal, addresses.POINTED))
    return visit.to("/account/addresses", "saved")


async def remove_address(visit: Visit) -> Response:
    """`POST /account/addresses/{id}/remove`"""
    try:
        await people.remove_address(visit.line, visit.path["id"])
    except Refusal as refusal:
        if refusal.status != 404:
            raise
    return visit.to("/account/addresses", "deleted")


async def _address_page(
    visit: Visit, address: Address, saved: SavedAddress | None = None, errors: dict[str, str] | None = None
) -> Response:
    return await visit.page(
        "account_address.html",
        422 if errors else 200,
        address=address,
        saved=saved,
        countries=countries.CHOICES,
        errors=errors or {},
    )
