"""Doors of steps of the legacy shop's own checkout that write to accounts, which are ours before orders are: that part is done
here first, and the legacy shop is asked for the rest in a way that writes nothing of ours. Its fence would refuse it otherwise.
"""

from hashlib import sha256
from typing import Any

from starlette.responses import Response

from banyan.contracts.moving import THERE, Homeward
from banyan.foundation.face.line import Seen
from banyan.kernel.refusals import Refusal
from banyan.move.doors import accounts
from banyan.move.doors.visit import Visit

_PATIENCE, _LOOK = 5.0, 0.05  # seconds for our way back to write an address there, and between looks
_SAVED = "Your address has been saved. Please choose it from your addresses."


class _Known(Seen):
    id: str
    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


class _Addresses(Seen):
    items: tuple[_Known, ...] = ()


async def address(visit: Visit) -> Response:
    """A new address: added to the account here; the legacy shop then takes it by its number, once our way back wrote it."""
    step = "payment_address" if "payment_address" in visit.route else "shipping_address"
    if visit.form[step] == "existing" or not visit.shopper.signed_in:
        return as_it_came()
    try:
        number = await _number(visit, await _added(visit, await accounts.fields(visit)))
    except Refusal as refusal:
        return visit.faults(refusal, accounts.ADDRESS, back="/account/addresses")
    if not number:
        return visit.wrong(_SAVED)
    if visit.route.endswith(".save"):
        return there(f"checkout/{step}.address", ("address_id", number))
    return there(visit.route, (step, "existing"), ("address_id", number))


async def account(visit: Visit) -> Response:
    """A checkout that makes an account: made here, and what is bought there is a guest's, of the same e-mail address."""
    slashes = visit.route.endswith("/save")
    if not slashes and visit.form["account"] != "1":
        return as_it_came()
    refused = await accounts.sign_up(visit)
    if refused is not None:
        return refused
    kept = [pair for pair in visit.form.pairs if pair[0] not in ("account", "password", "confirm")]
    return there("checkout/guest/save" if slashes else visit.route, *kept, ("account", "0"))


def as_it_came() -> Response:
    """The legacy shop may be asked as the shopper did."""
    return there("")


def there(route: str, *form: tuple[str, str]) -> Response:
    """How the legacy shop is to be asked for the rest."""
    target = f"/index.php?route={route}" if route else ""
    told = Homeward(target=target, form=form, after="").model_dump_json()
    return Response(told, headers={THERE: "1"}, media_type="application/json")


async def _added(visit: Visit, fields: dict[str, Any]) -> str:
    """Our id of it. The same address twice, as by a second click, is one."""
    known = await visit.shopper.line.get(_Addresses, "users", "/v1/me/addresses?limit=100")
    same = {name: str(value) for name, value in fields.items() if name in _Known.model_fields}
    for each in known.items:
        if each.model_dump(include=set(same)) == same:
            return each.id
    made = "\n".join((*sorted(each.id for each in known.items), *(f"{name}={value}" for name, value in same.items())))
    return await accounts.add_address(visit, fields, visit.key() or sha256(made.encode()).hexdigest())


async def _number(visit: Visit, id: str) -> str:
    """The legacy shop's number of it, once its row is there; empty where that takes too long."""
    until = visit.ports.clock.monotonic() + _PATIENCE
    while True:
        number = await visit.books.key(visit.ports, "address", id)
        if number and await visit.books.row(visit.ports, "address", number) is not None:
            return number
        if visit.ports.clock.monotonic() > until:
            return ""
        await visit.ports.clock.sleep(_LOOK)
