"""The cookies of an operator's browser: what each is called, and what is in it."""

from collections.abc import Mapping
from enum import Enum

from banyan.foundation.face import jar

SHIFT = 12 * 3600  # seconds: who is away for longer signs in again


class Cookie(Enum):
    """The value is the plain name. All are HttpOnly, SameSite=Strict and of the console's path alone."""

    ACCESS = "banyan_console_access"  # the access token
    REFRESH = "banyan_console_refresh"  # the refresh token
    NAME = "banyan_console_name"  # who is signed in, for the page's head only: an address in base64
    CEREMONY = "banyan_console_ceremony"  # what a passkey's answer belongs to
    STEP = "banyan_console_step"  # a sign-in that waits for its code
    SEAL = "banyan_console_seal"  # what forms are bound to
    TOLD = "banyan_console_told"  # the code of a message to be shown once


Jar = jar.Jar[Cookie]


def jar_of(given: Mapping[str, str], *, secure: bool) -> Jar:
    """`secure`: the shop is on https."""
    return Jar(Cookie, given, path="/console", same_site="strict", secure=secure)
