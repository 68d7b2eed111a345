"""How the console is put together: which page is where, and what may be sent to it."""

from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from banyan.console import look
from banyan.console.assets import assets
from banyan.console.doorway import Doorway, Handler
from banyan.console.mailbox import Mailbox
from banyan.console.pages import (
    adjusting,
    erasures,
    home,
    invariants,
    keys,
    mail,
    move_acts,
    move_case,
    move_pace,
    move_turns,
    moving,
    order,
    order_acts,
    orders,
    prices,
    products,
    providers,
    reconciliation,
    reservations,
    security,
    signing_in,
    stock,
    streams,
    users,
    warehouses,
)
from banyan.console.visit import Desk
from banyan.foundation.face.seal import Seal
from banyan.foundation.running import Shop

READ: dict[str, Handler] = {
    "/console": home.home,
    "/console/": home.home,
    "/console/sign-in": signing_in.sign_in,
    "/console/sign-in/step": signing_in.second_step,
    "/console/sign-out": signing_in.leaving,
    "/console/security": security.overview,
    "/console/orders": orders.orders,
    "/console/orders/{id}": order.order,
    "/console/orders/{id}/cancel": order_acts.cancelling,
    "/console/orders/{id}/refund": order_acts.refunding,
    "/console/orders/{id}/send": order_acts.sending,
    "/console/products": products.products,
    "/console/products/{id}": products.product,
    "/console/stock": stock.levels,
    "/console/stock/item": stock.item,
    "/console/stock/adjust": adjusting.form,
    "/console/reservations": reservations.reservations,
    "/console/warehouses": warehouses.warehouses,
    "/console/warehouses/new": warehouses.new,
    "/console/warehouses/{id}": warehouses.warehouse,
    "/console/users": users.users,
    "/console/users/{id}": users.user,
    "/console/erasures": erasures.erasures,
    "/console/payment-providers": providers.providers,
    "/console/reconciliation": reconciliation.reconciliation,
    "/console/keys": keys.keys,
    "/console/keys/new": keys.new,
    "/console/streams": streams.streams,
    "/console/invariants": invariants.invariants,
    "/console/move": moving.overview,
    "/console/move/throttle": move_pace.throttle,
    "/console/move/case/{id}": move_case.case,
    "/console/move/{group}": moving.group,
    "/console/mail": mail.letters,
    "/console/mail/{name}": mail.letter,
}
SENT: dict[str, Handler] = {
    "/console/sign-in": signing_in.enter,
    "/console/sign-in/link": signing_in.redeem,
    "/console/sign-in/passkey": signing_in.enter_by_passkey,
    "/console/sign-in/passkey/options": signing_in.for_passkey,
    "/console/sign-in/step": signing_in.finish,
    "/console/security/passkeys": security.OWN.add_passkey,
    "/console/security/passkeys/options": security.OWN.for_one_more,
    "/console/security/passkeys/{id}/remove": security.OWN.remove_passkey,
    "/console/security/totp": security.OWN.begin_totp,
    "/console/security/totp/confirm": security.OWN.confirm_totp,
    "/console/security/totp/remove": security.OWN.remove_totp,
    "/console/security/recovery-codes": security.OWN.renew_codes,
    "/console/sign-out": signing_in.leave,
    "/console/orders/{id}/cancel": order_acts.cancel,
    "/console/orders/{id}/refund": order_acts.refund,
    "/console/orders/{id}/send": order_acts.send,
    "/console/orders/{id}/forget": order_acts.forget,
    "/console/products/{id}": products.edit,
    "/console/products/{id}/prices": prices.set_prices,
    "/console/stock/item": stock.set_up,
    "/console/stock/adjust": adjusting.adjust,
    "/console/reservations/{id}/release": reservations.release,
    "/console/warehouses/new": warehouses.add,
    "/console/warehouses/{id}": warehouses.change,
    "/console/users/{id}": users.set_roles,
    "/console/erasures/{id}/call-off": erasures.call_off,
    "/console/reconciliation": reconciliation.upload,
    "/console/reconciliation/{id}": reconciliation.explain,
    "/console/keys/new": keys.make,
    "/console/keys/{id}/rotate": keys.rotate,
    "/console/keys/{id}/revoke": keys.revoke,
    "/console/streams/{service}/{seq}/retry": streams.retry,
    "/console/streams/{service}/{seq}/discard": streams.discard,
    "/console/move/throttle": move_pace.turn,
    "/console/move/throttle/on": move_pace.rest,
    "/console/move/throttle/off": move_pace.go,
    "/console/move/resume": move_pace.resume,
    "/console/move/case/{id}/retry": move_case.retry,
    "/console/move/case/{id}/fix": move_case.fix,
    "/console/move/case/{id}/waive": move_case.waive,
    "/console/move/{group}/prepare": move_acts.prepare,
    "/console/move/{group}/copy": move_acts.copy,
    "/console/move/{group}/verify": move_acts.verify,
    "/console/move/{group}/mend": move_acts.mend,
    "/console/move/{group}/rehearse": move_acts.rehearse,
    "/console/move/{group}/retry": move_acts.retry_all,
    "/console/move/{group}/route": move_acts.route,
    "/console/move/{group}/shadow": move_acts.shadow,
}
for kind in (move_turns.CUTOVER, move_turns.REVERT, move_turns.FINALIZE, move_turns.ABORT):
    READ[f"/console/move/{{group}}/{kind.name}"] = move_turns.shown(kind)
    SENT[f"/console/move/{{group}}/{kind.name}"] = move_turns.sent(kind)
PUBLIC = frozenset(
    {
        *(f"/console/sign-in{more}" for more in ("", "/link", "/passkey", "/passkey/options", "/step")),
        "/console/sign-out",
    }
)


async def face(shop: Shop) -> Any:
    """The console as an ASGI application, for every path below /console."""
    settings = shop.settings
    desk = Desk(
        shop=shop,
        look=look.environment(shop.clock, shop_name=settings.shop_name),
        seal=Seal.of("console", settings, shop.ids),
        mailbox=Mailbox.of(settings),
    )
    doorway = Doorway(desk)

    async def serve(request: Request) -> Response:
        return assets().serve(request) or PlainTextResponse("There is nothing here", 404)

    routes = [Route("/console/static/{name}", serve, methods=["GET"])]
    # Whole paths first: `/console/move/resume` is no group.
    for path in sorted(dict.fromkeys((*READ, *SENT)), key=lambda each: "{" in each):
        endpoint = doorway.page(READ.get(path), SENT.get(path), public=path in PUBLIC)
        routes.append(Route(path, endpoint, methods=["GET", "POST"]))
    routes.append(Route("/{path:path}", doorway.nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return GZipMiddleware(app, minimum_size=1_000, compresslevel=4)
