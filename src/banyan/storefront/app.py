"""How the storefront is put together: which page is where, and what every request goes through."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from banyan.foundation.face.line import Line, Nobody
from banyan.foundation.face.seal import Seal
from banyan.foundation.running import Shop
from banyan.storefront import aisles, look
from banyan.storefront.aisles import Tree, Window
from banyan.storefront.assets import assets
from banyan.storefront.doorway import Doorway
from banyan.storefront.kept import Kept
from banyan.storefront.pages import (
    account,
    authorizing,
    cart,
    checkout,
    home,
    listing,
    orders,
    outside,
    privacy,
    product,
    proof,
    security,
    signing_in,
)
from banyan.storefront.vaulted import VaultedCards
from banyan.storefront.visit import Front, Visit

Handler = Callable[[Visit], Awaitable[Response]]

READ: dict[str, Handler] = {
    "/": home.home,
    "/c/{slug}": listing.category,
    "/search": listing.search,
    "/p/{slug}": product.product,
    "/cart": cart.cart,
    "/checkout/delivery": checkout.delivery,
    "/checkout/payment": checkout.payment,
    "/checkout/return/{id}": orders.come_back,
    "/orders/{id}": orders.order,
    "/sign-in": signing_in.sign_in,
    "/sign-in/with/oidc/back": outside.come_back,
    "/oauth/authorize": authorizing.asked,
    "/account/outside": outside.linking,
    "/sign-in/sent": signing_in.sent,
    "/sign-in/step": signing_in.second_step,
    "/email": security.email,
    "/sign-up": signing_in.sign_up,
    "/sign-out": signing_in.leaving,
    "/account": account.overview,
    "/account/orders": account.history,
    "/account/addresses": account.book,
    "/account/addresses/new": account.new_address,
    "/account/addresses/{id}": account.edit_address,
    "/account/payment": account.cards,
    "/account/security": security.overview,
    "/account/privacy": privacy.overview,
    "/account/privacy/archive/{id}": privacy.fetch,
    "/account/proof": proof.page,
}
SENT: dict[str, Handler] = {
    "/cart/lines": cart.add,
    "/cart/lines/{line}": cart.change,
    "/buy-now": cart.buy_now,
    "/checkout/delivery": checkout.deliver,
    "/checkout/place": checkout.pay,
    "/orders/{id}/cancel": orders.cancel,
    "/sign-in": signing_in.enter,
    "/sign-in/with/oidc": outside.set_out,
    "/oauth/authorize": authorizing.decided,
    "/account/outside": outside.link,
    "/account/outside/unlink": outside.unlink,
    "/account/consents/{id}/withdraw": authorizing.withdraw,
    "/sign-in/passkey": signing_in.enter_by_passkey,
    "/sign-in/passkey/options": signing_in.for_passkey,
    "/sign-in/code": signing_in.redeem_code,
    "/sign-in/step": signing_in.finish,
    "/email": security.settle_email,
    "/sign-in/link": signing_in.send_link,
    "/sign-in/redeem": signing_in.redeem,
    "/sign-up": signing_in.join,
    "/sign-up/passkey": signing_in.join_by_passkey,
    "/sign-up/passkey/options": signing_in.for_first_passkey,
    "/sign-out": signing_in.leave,
    "/account": account.rename,
    "/account/addresses/new": account.add_address,
    "/account/addresses/{id}": account.change_address,
    "/account/addresses/{id}/remove": account.remove_address,
    "/account/payment": account.add_card,
    "/account/payment/{id}/remove": account.remove_card,
    "/account/privacy/archive": privacy.ask,
    "/account/privacy/close": privacy.close,
    "/account/password": security.change_password,
    "/account/email": security.change_email,
    "/account/sessions/{id}/end": security.end_session,
    "/account/sessions/end-others": security.end_others,
    "/account/passkeys": security.OWN.add_passkey,
    "/account/passkeys/options": security.OWN.for_one_more,
    "/account/passkeys/{id}/rename": security.rename_passkey,
    "/account/passkeys/{id}/remove": security.OWN.remove_passkey,
    "/account/totp": security.OWN.begin_totp,
    "/account/totp/confirm": security.OWN.confirm_totp,
    "/account/totp/remove": security.OWN.remove_totp,
    "/account/recovery-codes": security.OWN.renew_codes,
    "/account/proof": proof.prove,
    "/account/proof/passkey": proof.by_passkey,
    "/account/proof/passkey/options": proof.for_passkey,
}
NOT_FOR_ROBOTS = (
    "/account",
    "/buy-now",
    "/cart",
    "/checkout",
    "/oauth",
    "/orders",
    "/search",
    "/sign-",
    "/email",
    "/v1/",
)


async def face(shop: Shop) -> Any:
    """The storefront as an ASGI application."""
    doorway = Doorway(_front(shop))

    async def serve(request: Request) -> Response:
        return assets().serve(request) or await doorway.nowhere(request)

    async def icon(_: Request) -> Response:
        return RedirectResponse(assets().url("favicon.svg"), 301)

    async def robots(_: Request) -> Response:
        return PlainTextResponse("".join(("User-agent: *\n", *(f"Disallow: {place}\n" for place in NOT_FOR_ROBOTS))))

    async def nowhere(request: Request, _: Exception) -> Response:
        return await doorway.nowhere(request)

    paths = dict.fromkeys((*READ, *SENT))
    routes = [
        Route("/static/{name}", serve, methods=["GET"]),
        Route("/favicon.ico", icon, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
        *(Route(path, doorway.page(READ.get(path), SENT.get(path)), methods=["GET", "POST"]) for path in paths),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: nowhere})
    app.router.redirect_slashes = False
    return GZipMiddleware(app, minimum_size=1_000, compresslevel=4)


def _front(shop: Shop) -> Front:
    settings = shop.settings
    anybody = Line(shop.peers, Nobody())

    async def load_window() -> Window:
        return await aisles.load_window(anybody, await tree.get(), settings.currency)

    async def load_tree() -> Tree:
        return await aisles.load_tree(anybody)

    tree = Kept(load_tree, Tree(), shop.clock, seconds=aisles.TREE_SECONDS)
    return Front(
        settings=settings,
        clock=shop.clock,
        ids=shop.ids,
        peers=shop.peers,
        look=look.environment(),
        seal=Seal.of("storefront", settings, shop.ids),
        tree=tree,
        window=Kept(load_window, Window(), shop.clock, seconds=aisles.WINDOW_SECONDS),
        cards=VaultedCards(),
    )
