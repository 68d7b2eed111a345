"""The cookies of an operator's browser: what each is called, what may be in it, and how it is written."""

import re
from collections.abc import Mapping
from enum import Enum

from starlette.responses import Response

PATH = "/console"
SHIFT = 12 * 3600  # seconds: who is away for longer signs in again
_FITS = re.compile(r"[A-Za-z0-9._~+/=-]{1,3800}")


class Cookie(Enum):
    """The value is the plain name. All are HttpOnly, SameSite=Strict and of the console's path alone."""

    ACCESS = "banyan_console_access"  # the access token
    REFRESH = "banyan_console_refresh"  # the refresh token
    NAME = "banyan_console_name"  # who is signed in, for the page's head only: an address in base64
    SEAL = "banyan_console_seal"  # what forms are bound to
    TOLD = "banyan_console_told"  # the code of a message to be shown once


class Jar:
    """What the browser sent, and what it is to be sent back."""

    def __init__(self, given: Mapping[str, str], *, secure: bool) -> None:
        """`secure`: the shop is on https, so that names carry the `__Secure-` promise (RFC 6265bis §4.1.3.1)."""
        self._secure = secure
        self._changed: dict[Cookie, tuple[str, int | None]] = {}
        self._held = {cookie: value for cookie in Cookie if (value := given.get(self.name(cookie), ""))}

    def name(self, cookie: Cookie) -> str:
        return f"__Secure-{cookie.value}" if self._secure else cookie.value

    def get(self, cookie: Cookie) -> str:
        """What the browser holds, after what was put here; empty for none and for what cannot be ours."""
        value = self._held.get(cookie, "")
        return value if _FITS.fullmatch(value) else ""

    def put(self, cookie: Cookie, value: str, seconds: int) -> None:
        """Keep for `seconds`."""
        if not _FITS.fullmatch(value):
            return self.drop(cookie)
        self._held[cookie] = value
        self._changed[cookie] = (value, seconds)

    def drop(self, cookie: Cookie) -> None:
        if self._held.pop(cookie, "") or cookie in self._changed:
            self._changed[cookie] = ("", 0)

    def write(self, response: Response) -> None:
        """Tell the browser what has changed."""
        for cookie, (value, seconds) in self._changed.items():
            response.set_cookie(
                self.name(cookie),
                value,
                max_age=seconds,
                path=PATH,
                secure=self._secure,
                httponly=True,
                samesite="strict",
            )
