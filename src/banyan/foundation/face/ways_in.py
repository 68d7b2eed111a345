"""Ways to sign in, over HTTP: passkeys, mailed links and codes, an app's codes, another e-mail address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Tokens
from banyan.foundation.peers import HttpAnswer

Entry = TypeVar("Entry", bound=Tokens)


class Ceremony(Seen):
    """A challenge for the browser; `ceremony` is kept where no script sees it."""

    ceremony: str
    public_key: dict[str, Any]


class SecondStep(Seen):
    """Not signed in yet: a code is awaited."""

    second_step: str


class LinkSent(Seen):
    attempt: str = ""


class LinkSeen(Seen):
    asked_by: str = ""
    asked_at: datetime | None = None
    same_browser: bool = False
    unproved_passkeys: tuple[str, ...] = ()


class Passkey(Seen):
    id: str
    name: str
    synced: bool = False
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class Factors(Seen):
    passkeys: int = 0
    totp: bool = False
    recovery_codes: int = 0
    password: bool = True
    mailbox_proved: bool = False
    factor_needed: bool = False
    recent: bool = True


class Totp(Seen):
    uri: str
    qr_svg: str
    secret: str


class _Passkeys(Seen):
    items: tuple[Passkey, ...]


class _Codes(Seen):
    recovery_codes: tuple[str, ...]


def entered(answer: HttpAnswer) -> Tokens | SecondStep:
    """What a sign-in was answered with."""
    return entered_as(Tokens, answer)


def entered_as(shape: type[Entry], answer: HttpAnswer) -> Entry | SecondStep:
    return shaped(SecondStep, answer) if answer.status == 202 else shaped(shape, answer)


async def passkey_options(line: Line, which: str, body: Mapping[str, Any] | None = None) -> Ceremony:
    """`which`: `sign-in/`, `sign-up/`, `proof/`, or empty for one more."""
    return shaped(Ceremony, await line.send("users", "POST", f"/v1/passkeys/{which}options", body))


async def passkey_entry(line: Line, shape: type[Entry], which: str, ceremony: str, credential: object) -> Entry:
    """Sign in or up: `sign-in` or `sign-up`."""
    body = {"ceremony": ceremony, "credential": credential}
    return shaped(shape, await line.send("users", "POST", f"/v1/passkeys/{which}", body))


async def add_passkey(line: Line, ceremony: str, credential: object, name: str) -> None:
    body = {"ceremony": ceremony, "credential": credential} | ({"name": name} if name else {})
    await line.send("users", "POST", "/v1/passkeys", body)


async def prove_by_passkey(line: Line, ceremony: str, credential: object) -> None:
    await line.send("users", "POST", "/v1/passkeys/proof", {"ceremony": ceremony, "credential": credential})


async def passkeys(line: Line) -> tuple[Passkey, ...]:
    return (await line.get(_Passkeys, "users", "/v1/passkeys")).items


async def rename_passkey(line: Line, passkey_id: str, name: str) -> None:
    await line.send("users", "PATCH", f"/v1/passkeys/{segment(passkey_id)}", {"name": name})


async def remove_passkey(line: Line, passkey_id: str) -> None:
    await line.send("users", "DELETE", f"/v1/passkeys/{segment(passkey_id)}")


async def send_link(line: Line, email: str) -> LinkSent:
    """Mail a one-time link, if there is such an account; nobody is told whether there is."""
    return shaped(LinkSent, await line.send("users", "POST", "/v1/sessions/magic-link", {"email": email}))


async def look_at_link(line: Line, token: str, attempt: str) -> LinkSeen:
    body = {"token": token, "attempt": attempt}
    return shaped(LinkSeen, await line.send("users", "POST", "/v1/sessions/magic-link/look", body))


async def redeem_link(line: Line, token: str, *, keep_passkeys: bool = False) -> Tokens | SecondStep:
    body = {"token": token} | ({"keep_passkeys": True} if keep_passkeys else {})
    return entered(await line.send("users", "POST", "/v1/sessions/magic-link/redeem", body))


async def redeem_code(line: Line, attempt: str, code: str, *, keep_passkeys: bool = False) -> Tokens | SecondStep:
    body = {"attempt": attempt, "code": code} | ({"keep_passkeys": True} if keep_passkeys else {})
    return entered(await line.send("users", "POST", "/v1/sessions/magic-link/code", body))


async def finish(line: Line, shape: type[Entry], step: str, code: str) -> Entry:
    body = {"second_step": step, "code": code}
    return shaped(shape, await line.send("users", "POST", "/v1/sessions/second-step", body))


async def factors(line: Line) -> Factors:
    return await line.get(Factors, "users", "/v1/me/factors")


async def prove(line: Line, *, password: str, code: str) -> None:
    body = {name: value for name, value in (("password", password), ("code", code)) if value}
    await line.send("users", "POST", "/v1/me/proof", body)


async def begin_totp(line: Line) -> Totp:
    return shaped(Totp, await line.send("users", "POST", "/v1/me/totp"))


async def confirm_totp(line: Line, code: str) -> tuple[str, ...]:
    """The recovery codes."""
    return shaped(_Codes, await line.send("users", "POST", "/v1/me/totp/confirm", {"code": code})).recovery_codes


async def remove_totp(line: Line) -> None:
    await line.send("users", "DELETE", "/v1/me/totp")


async def renew_recovery_codes(line: Line) -> tuple[str, ...]:
    return shaped(_Codes, await line.send("users", "POST", "/v1/me/recovery-codes")).recovery_codes


async def change_email(line: Line, email: str) -> None:
    await line.send("users", "POST", "/v1/me/email", {"email": email})


async def settle_email(line: Line, which: str, token: str) -> None:
    """`which`: `confirm` or `undo`."""
    await line.send("users", "POST", f"/v1/me/email/{which}", {"token": token})
