"""The cookies of a shopper's browser: what each is called, and what is in it."""

from collections.abc import Mapping
from enum import Enum

from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.face import jar

MONTH = 30 * 86_400  # seconds


class Cookie(Enum):
    """The value is the plain name. All are HttpOnly and SameSite=Lax."""

    ACCESS = "banyan_access"  # the access token
    REFRESH = "banyan_refresh"  # the refresh token
    CART = CART_COOKIE  # the guest cart's token; the API reads the same cookie, by the name of auth.cart_cookie
    CART_ID = "banyan_cart_id"
    COUNT = "banyan_count"  # pieces in the cart, for the header only
    SEAL = "banyan_seal"  # what forms are bound to
    CEREMONY = "banyan_ceremony"  # what a passkey's answer belongs to
    ATTEMPT = "banyan_attempt"  # who asked for a mailed link
    STEP = "banyan_step"  # a sign-in that waits for its code
    OUTSIDE = "banyan_outside"  # what a sign-in with an outside provider is bound to
    TOLD = "banyan_told"  # the code of a message to be shown once


Jar = jar.Jar[Cookie]


def jar_of(given: Mapping[str, str], *, secure: bool) -> Jar:
    """`secure`: the shop is on https."""
    return Jar(Cookie, given, path="/", same_site="lax", secure=secure)
