"""Accounts over HTTP: signing up, in and out, the profile, addresses, sessions."""

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens
from banyan.foundation.face.ways_in import SecondStep, entered
from banyan.foundation.web import etag
from banyan.storefront.shop_api.shapes import Address, Me, SavedAddress, Session


class _Addresses(Seen):
    items: tuple[SavedAddress, ...]


class _Sessions(Seen):
    items: tuple[Session, ...]


async def sign_up(line: Line, *, email: str, password: str, name: str) -> Tokens:
    body = {"email": email, "password": password, "name": name}
    return shaped(Tokens, await line.send("users", "POST", "/v1/users", body))


async def sign_in(line: Line, *, email: str, password: str) -> Tokens | SecondStep:
    return entered(await line.send("users", "POST", "/v1/sessions", {"email": email, "password": password}))


async def sign_out(line: Line) -> None:
    await line.send("users", "DELETE", "/v1/sessions/current")


async def me(line: Line) -> Me:
    return await line.get(Me, "users", "/v1/me")


async def rename(line: Line, me: Me, name: str) -> None:
    await line.send("users", "PATCH", "/v1/me", {"name": name}, if_match=etag(me.version))


async def change_password(line: Line, *, current: str, new: str) -> None:
    """Every other session ends. `wrong_password` (403) when `current` does not fit."""
    body = {"new": new} | ({"current": current} if current else {})
    await line.send("users", "POST", "/v1/me/password", body)


async def addresses(line: Line) -> tuple[SavedAddress, ...]:
    """The default first."""
    items = (await line.get(_Addresses, "users", "/v1/me/addresses", [("limit", "50")])).items
    return tuple(sorted(items, key=lambda each: not each.is_default))


async def address(line: Line, address_id: str) -> SavedAddress:
    return await line.get(SavedAddress, "users", f"/v1/me/addresses/{segment(address_id)}")


async def add_address(line: Line, address: Address, *, key: str, default: bool = False) -> None:
    body = _fields(address) | {"is_default": default}
    await line.send("users", "POST", "/v1/me/addresses", body, key=key)


async def change_address(line: Line, saved: SavedAddress, address: Address, *, default: bool) -> None:
    """On the version that was read."""
    body = _fields(address) | ({"is_default": True} if default else {})
    await line.send("users", "PATCH", f"/v1/me/addresses/{segment(saved.id)}", body, if_match=etag(saved.version))


async def remove_address(line: Line, address_id: str) -> None:
    await line.send("users", "DELETE", f"/v1/me/addresses/{segment(address_id)}")


async def sessions(line: Line) -> tuple[Session, ...]:
    return (await line.get(_Sessions, "users", "/v1/me/sessions", [("limit", "50")])).items


async def end_other_sessions(line: Line) -> None:
    """All but this one, those of other applications among them."""
    await line.send("users", "DELETE", "/v1/me/sessions")


async def end_session(line: Line, session_id: str) -> None:
    await line.send("users", "DELETE", f"/v1/me/sessions/{segment(session_id)}")


def _fields(address: Address) -> dict[str, object]:
    return address.model_dump(include=set(Address.model_fields))
