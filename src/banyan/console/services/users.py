"""Users over HTTP: sessions, accounts and their roles."""

from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens


class User(Seen):
    id: str
    email: str
    name: str = ""
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    has_password: bool = False
    version: int
    created_at: datetime


class SignedIn(Tokens):
    user: User


class Role(Seen):
    role: str
    permissions: tuple[str, ...] = ()


async def sign_in(line: Line, *, email: str, password: str, key: str) -> SignedIn:
    body = {"email": email, "password": password}
    return shaped(SignedIn, await line.send("users", "POST", "/v1/sessions", body, key=key))


async def redeem(line: Line, token: str, *, key: str) -> SignedIn:
    """Use a one-time link up. The same key gives the lost answer again."""
    return shaped(
        SignedIn, await line.send("users", "POST", "/v1/sessions/magic-link/redeem", {"token": token}, key=key)
    )


async def sign_out(line: Line) -> None:
    await line.send("users", "DELETE", "/v1/sessions/current")


async def listed(line: Line, *, email: str = "", cursor: str = "") -> Page[User]:
    """In the order they signed up."""
    return await line.get(Page[User], "users", "/v1/users", [("email", email), ("cursor", cursor), ("limit", "50")])


async def read(line: Line, user_id: str) -> User:
    return await line.get(User, "users", f"/v1/users/{segment(user_id)}")


async def roles(line: Line) -> tuple[Role, ...]:
    return (await line.get(Page[Role], "users", "/v1/roles")).items


async def set_roles(line: Line, user_id: str, roles: list[str], *, version: str) -> User:
    """Exactly these. Stale when somebody else set them meanwhile."""
    answer = await line.send(
        "users", "PUT", f"/v1/users/{segment(user_id)}/roles", {"roles": roles}, if_match=f'"{version}"'
    )
    return shaped(User, answer)
