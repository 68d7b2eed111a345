"""Doors of the account: in and out, signing up, the profile, addresses, password, newsletter."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.responses import Response

from banyan.foundation.face.line import Seen, or_none, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens
from banyan.kernel.refusals import Refusal
from banyan.move.doors.shopper import patiently
from banyan.move.doors.visit import Visit

T = TypeVar("T")
ANY = "*"  # as If-Match: whatever its version is
_TRIES = 5  # before a change that always meets another is told so
NO_MATCH = "Warning: No match for E-Mail Address and/or Password."
ADDRESS = {
    "line1": "address_1",
    "line2": "address_2",
    "city": "city",
    "postal_code": "postcode",
    "country": "country",
    "region": "zone",
    "name": "firstname",
}


class _Saved(Seen):
    id: str


async def login(visit: Visit) -> Response:
    """`email, password`: the password as typed, whatever was kept of it."""
    body = {"email": visit.form["email"], "password": visit.form.exact("password")}
    try:
        tokens = await _tokens(visit, "/v1/sessions", body)
    except Refusal as refusal:
        if refusal.status in (401, 422):
            return visit.wrong(NO_MATCH, back="/sign-in")
        return visit.faults(refusal, {}, back="/sign-in")
    await visit.shopper.keep(tokens)
    return visit.go("/account")


async def logout(visit: Visit) -> Response:
    await or_none(visit.shopper.line.send("users", "DELETE", "/v1/sessions/current"))
    visit.shopper.forget()
    return visit.go("/")


async def register(visit: Visit) -> Response:
    """`firstname, lastname, email, telephone, password, newsletter, agree`; the password's rules are ours."""
    body = {"email": visit.form["email"], "password": visit.form.exact("password"), "name": _name(visit)}
    if "confirm" in visit.form and visit.form.exact("confirm") != body["password"]:
        return visit.wrong("", {"confirm": "Password confirmation does not match password!"}, back="/sign-up")
    return await _signed_up(visit, body) or visit.go("/account")


async def sign_up(visit: Visit) -> Response | None:
    """The account that a form asks for beside something else; what the shop says where there can be none."""
    body = {"email": visit.form["email"], "password": visit.form.exact("password"), "name": _name(visit)}
    return await _signed_up(visit, body)


async def _signed_up(visit: Visit, body: dict[str, Any]) -> Response | None:
    try:
        tokens = await _tokens(visit, "/v1/users", body)
    except Refusal as refusal:
        if refusal.code == "email_taken":
            return visit.wrong("Warning: E-Mail Address is already registered!", back="/sign-up")
        names = {"email": "email", "password": "password", "name": "firstname"}
        return visit.faults(refusal, names, back="/sign-up")
    await visit.shopper.keep(tokens)
    if visit.form["newsletter"] == "1":
        await or_none(_newsletter(visit, wanted=True))
    return None


async def save(visit: Visit) -> Response:
    """`firstname, lastname, email, telephone`: the name. An address of mail is changed by nobody here."""
    if not visit.shopper.signed_in:
        return visit.go("/sign-in")
    try:
        await _change_me(visit, {"name": _name(visit)})
    except Refusal as refusal:
        return _refused(visit, refusal, {"name": "firstname"})
    return visit.done("Success: Your account has been successfully updated.")


async def save_password(visit: Visit) -> Response:
    """`password, confirm`; ours asks for the present one too, on its own page."""
    return visit.go("/account/security")


async def save_newsletter(visit: Visit) -> Response:
    if not visit.shopper.signed_in:
        return visit.go("/sign-in")
    try:
        await _newsletter(visit, wanted=visit.form["newsletter"] == "1")
    except Refusal as refusal:
        return _refused(visit, refusal, {})
    return visit.done("Success: Your newsletter subscription has been successfully updated!")


async def save_address(visit: Visit) -> Response:
    """A new address, or with `address_id` in the query that one."""
    if not visit.shopper.signed_in:
        return visit.go("/sign-in")
    told = await fields(visit)
    known = visit.query["address_id"]
    try:
        saved = await _edit_address(visit, known, told) if known else await add_address(visit, told)
    except Refusal as refusal:
        return _refused(visit, refusal, ADDRESS, back="/account/addresses")
    text = "Your address has been successfully " + ("updated" if known else "added")
    return visit.done(text, "/account/addresses", address_id=saved)


async def remove_address(visit: Visit) -> Response:
    if not visit.shopper.signed_in:
        return visit.go("/sign-in")
    try:
        at = await _address_path(visit, visit.query["address_id"])
        await visit.shopper.line.send("users", "DELETE", at)
    except Refusal as refusal:
        if refusal.status != 404:
            return _refused(visit, refusal, {}, back="/account/addresses")
    return visit.done("Your address has been successfully deleted", "/account/addresses")


async def _tokens(visit: Visit, path: str, body: dict[str, Any]) -> Tokens:
    nobody, key = visit.shopper.session.nobody, visit.key()
    ask = partial(nobody.send, "users", "POST", path, body, key=key)
    return shaped(Tokens, await patiently(visit.ports.clock, ask))


async def add_address(visit: Visit, fields: dict[str, Any], key: str = "") -> str:
    """Our id of it. `key`: what makes two of the same request one."""
    ask = partial(visit.shopper.line.send, "users", "POST", "/v1/me/addresses", fields, key=key or visit.key())
    return shaped(_Saved, await patiently(visit.ports.clock, ask)).id


async def _edit_address(visit: Visit, key: str, fields: dict[str, Any]) -> str:
    at = await _address_path(visit, key)
    change = partial(visit.shopper.line.send, "users", "PATCH", at, fields, if_match=ANY)
    return shaped(_Saved, await _last_wins(change)).id


async def _last_wins(change: Callable[[], Awaitable[T]]) -> T:
    """The legacy shop's forms know no versions: of two changes at once the later one stands, and nobody is refused."""
    for _ in range(_TRIES):
        try:
            return await change()
        except Refusal as refusal:
            if refusal.status != HTTPStatus.PRECONDITION_FAILED:
                raise
    return await change()


async def _address_path(visit: Visit, key: str) -> str:
    """By our own id, or by the legacy shop's number."""
    id = key if key.startswith("adr_") else await visit.books.id(visit.ports, "address", key)
    return f"/v1/me/addresses/{segment(id)}"


async def fields(visit: Visit) -> dict[str, Any]:
    """An address as `users` takes it; the company stands in the second line, as in addresses that were taken over."""
    form = visit.form
    lines = [each for each in (form["address_2"], form["company"]) if each]
    default = {"is_default": True} if form["default"] == "1" else {}
    return {
        "name": _name(visit),
        "line1": form["address_1"],
        "line2": ", ".join(lines),
        "city": form["city"],
        "postal_code": form["postcode"],
        "country": await visit.books.country(visit.ports, form["country_id"]),
        "region": await visit.books.zone(visit.ports, form["zone_id"]) if form["zone_id"] else "",
        **default,
    }


async def _newsletter(visit: Visit, *, wanted: bool) -> None:
    await _change_me(visit, {"preferences": {"marketing": wanted}})


async def _change_me(visit: Visit, fields: dict[str, Any]) -> None:
    await _last_wins(partial(visit.shopper.line.send, "users", "PATCH", "/v1/me", fields, if_match=ANY))


def _name(visit: Visit) -> str:
    return f"{visit.form['firstname']} {visit.form['lastname']}".strip()


def _refused(visit: Visit, refusal: Refusal, names: dict[str, str], *, back: str = "/account") -> Response:
    if refusal.status == 401:
        return visit.go("/sign-in")
    return visit.faults(refusal, names, back=back)
