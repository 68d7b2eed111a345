"""Users over HTTP: sessions, accounts and their roles."""

from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens
from banyan.foundation.face.ways_in import SecondStep, entered_as


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
    """`factor_needed`: nothing is permitted before a passkey or an app's codes are set up."""

    user: User
    factor_needed: bool = False


class Erasure(Seen):
    """Somebody who asked to be forgotten, and how far that is."""

    id: str
    user_id: str
    state: str
    asked_at: datetime
    due_at: datetime
    steps: dict[str, datetime] = {}
    waits_for: str = ""
    done_at: datetime | None = None


class Role(Seen):
    role: str
    permissions: tuple[str, ...] = ()


async def sign_in(line: Line, *, email: str, password: str, key: str) -> SignedIn | SecondStep:
    body = {"email": email, "password": password}
    return entered_as(SignedIn, await line.send("users", "POST", "/v1/sessions", body, key=key))


async def redeem(line: Line, token: str, *, key: str) -> SignedIn | SecondStep:
    """Use a one-time link up. The same key gives the lost answer again."""
    return entered_as(
        SignedIn, await line.send("users", "POST", "/v1/sessions/magic-link/redeem", {"token": token}, key=key)
    )


async def sign_out(line: Line) -> None:
    await line.send("users", "DELETE", "/v1/sessions/current")


async def listed(line: Line, *, email: str = "", cursor: str = "") -> Page[User]:
    """In the order they signed up."""
    return await line.get(Page[User], "users", "/v1/users", [("email", email), ("cursor", cursor), ("limit", "50")])


async def read(line: Line, user_id: str) -> User:
    return await line.get(User, "users", f"/v1/users/{segment(user_id)}")


async def erasures(line: Line, *, cursor: str = "") -> Page[Erasure]:
    """The newest first."""
    return await line.get(Page[Erasure], "users", "/v1/erasures", [("cursor", cursor), ("limit", "50")])


async def call_off(line: Line, erasure_id: str) -> None:
    """Open the account again. NotFound when it is too late."""
    await line.send("users", "DELETE", f"/v1/erasures/{segment(erasure_id)}")


async def roles(line: Line) -> tuple[Role, ...]:
    return (await line.get(Page[Role], "users", "/v1/roles")).items


async def set_roles(line: Line, user_id: str, roles: list[str], *, version: str) -> User:
    """Exactly these. Stale when somebody else set them meanwhile."""
    answer = await line.send(
        "users", "PUT", f"/v1/users/{segment(user_id)}/roles", {"roles": roles}, if_match=f'"{version}"'
    )
    return shaped(User, answer)
