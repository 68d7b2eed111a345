"""Cookies of one face: what the browser sent, what may be in them, and how they are written."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Generic, Literal, TypeVar

from starlette.responses import Response

Cookie = TypeVar("Cookie", bound=Enum)
_FITS = re.compile(r"[A-Za-z0-9._~+/=-]{1,3800}")


class Jar(Generic[Cookie]):
    """What the browser sent, and what it is to be sent back. No script can read any of it (HttpOnly)."""

    def __init__(
        self,
        cookies: type[Cookie],
        given: Mapping[str, str],
        *,
        path: str,
        same_site: Literal["lax", "strict"],
        secure: bool,
        shared: Iterable[Cookie] = (),
    ) -> None:
        """`cookies`: all there are; the value is the plain name. `shared`: those that others read too, by this very name.

        `secure`: the shop is on https, so that names may carry a promise that browsers hold us to: `__Host-` for
        cookies of the path `/`, else `__Secure-` (RFC 6265bis §4.1.3).
        """
        self._path = path
        self._same_site = same_site
        self._secure = secure
        self._promise = "" if not secure else "__Host-" if path == "/" else "__Secure-"
        self._shared = frozenset(shared)
        self._changed: dict[Cookie, tuple[str, int]] = {}
        self._held = {cookie: value for cookie in cookies if (value := given.get(self.name(cookie), ""))}

    def name(self, cookie: Cookie) -> str:
        return str(cookie.value) if cookie in self._shared else f"{self._promise}{cookie.value}"

    def get(self, cookie: Cookie) -> str:
        """What the browser holds, after what was put here; empty for none and for what cannot be ours."""
        value = self._held.get(cookie, "")
        return value if _FITS.fullmatch(value) else ""

    def put(self, cookie: Cookie, value: str, seconds: int) -> None:
        """Keep for `seconds`. What does not fit into a cookie is not kept, nor what was there before."""
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
                path=self._path,
                secure=self._secure,
                httponly=True,
                samesite=self._same_site,
            )
