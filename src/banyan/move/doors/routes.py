"""Every door by its name, and how they are reached: `/internal/doors/<name>`, by the gateway alone."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from banyan.contracts.moving import CONFIRM, PLACE
from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.move.doors import accounts, carts, checkout
from banyan.move.doors.books import Books
from banyan.move.doors.checkout import beforehand, placing, steps
from banyan.move.doors.visit import Visit

Door = Callable[[Visit], Awaitable[Response]]


async def save_currency(visit: Visit) -> Response:
    """There is one currency here: nothing changes."""
    return visit.go("/") if visit.plain else web.json({"redirect": "/"})


async def wishlist(visit: Visit) -> Response:
    """There is no such list here, and nobody is told that there was."""
    return visit.wrong("Wish lists have not moved to the new shop.")


DOORS: dict[str, Door] = {
    "cart.add": carts.add,
    "cart.edit": carts.edit,
    "cart.remove": carts.remove,
    "cart.info": carts.info,
    "login": accounts.login,
    "logout": accounts.logout,
    "register": accounts.register,
    "account.save": accounts.save,
    "password.save": accounts.save_password,
    "newsletter.save": accounts.save_newsletter,
    "address.save": accounts.save_address,
    "address.delete": accounts.remove_address,
    "checkout": checkout.elsewhere,
    "checkout.account": beforehand.account,
    "checkout.account_address": beforehand.address,
    "checkout.address": steps.address,
    "checkout.new_address": steps.new_address,
    "checkout.ways": steps.ways,
    "checkout.way": steps.way,
    "checkout.means": steps.means,
    "checkout.pay": steps.pay,
    CONFIRM: placing.confirm,
    PLACE: placing.place,
    "checkout.success": placing.success,
    "currency.save": save_currency,
    "wishlist.add": wishlist,
    "wishlist.remove": wishlist,
}


def routes(ports: Ports, books: Books) -> APIRouter:
    router = APIRouter()

    @short
    async def answer(request: Request, name: str) -> Response:
        door = DOORS.get(name)
        if door is None:
            raise NotFound("There is nothing here")
        visit = await Visit.of(ports, books, request)
        response = await door(visit)
        visit.shopper.jar.write(response)
        response.headers["cache-control"] = "no-store"
        return response

    router.add_api_route("/internal/doors/{name}", answer, methods=["GET", "POST"], include_in_schema=False)
    return router
