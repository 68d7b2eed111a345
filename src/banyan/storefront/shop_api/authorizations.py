"""Applications of others, and an outside provider, over HTTP: what may happen next is decided by users."""

from datetime import datetime
from typing import Literal

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens
from banyan.foundation.face.ways_in import SecondStep


class Application(Seen):
    id: str
    name: str


class Scope(Seen):
    scope: str
    words: str


class Authorization(Seen):
    """`go`: to `to`. `sign_in`: then with the query `to` again. `consent`: ask about `client` and `scopes`."""

    outcome: Literal["go", "sign_in", "consent"]
    to: str = ""
    again: bool = False
    client: Application | None = None
    scopes: tuple[Scope, ...] = ()


class Consent(Seen):
    client: Application
    scopes: tuple[Scope, ...] = ()
    given_at: datetime | None = None


class _Consents(Seen):
    items: tuple[Consent, ...]


class _WayThere(Seen):
    to: str


async def authorize(line: Line, query: str, decision: str | None = None) -> Authorization:
    body = {"query": query} | ({"decision": decision} if decision else {})
    return shaped(Authorization, await line.send("users", "POST", "/v1/oauth/authorizations", body))


async def consents(line: Line) -> tuple[Consent, ...]:
    """The applications that may act for whoever asks, the last first."""
    return (await line.get(_Consents, "users", "/v1/me/consents")).items


async def withdraw(line: Line, client_id: str) -> None:
    await line.send("users", "DELETE", f"/v1/me/consents/{segment(client_id)}")


async def set_out(line: Line, browser: str, after: str) -> str:
    """Where to sign in outside."""
    body = {"browser": browser, "next": after}
    return shaped(_WayThere, await line.send("users", "POST", "/v1/sessions/outside", body)).to


async def come_back(line: Line, browser: str, query: str) -> tuple[Tokens | SecondStep, str]:
    """Signed in, or asked for a code; and the page that was wanted. `outside_unlinked` (409) tells a `link`."""
    body = {"browser": browser, "query": query}
    answer = await line.send("users", "POST", "/v1/sessions/outside/redeem", body)
    shape: type[Tokens] | type[SecondStep] = SecondStep if answer.status == 202 else Tokens
    return shaped(shape, answer), answer.header("location") or ""


async def link(line: Line, browser: str, token: str) -> None:
    await line.send("users", "POST", "/v1/me/outside", {"browser": browser, "token": token})


async def unlink(line: Line) -> None:
    await line.send("users", "DELETE", "/v1/me/outside")
