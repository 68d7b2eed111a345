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
    CART = CART_COOKIE  # the guest cart's token; the API reads the same cookie, so its name is fixed
    CART_ID = "banyan_cart_id"
    COUNT = "banyan_count"  # pieces in the cart, for the header only
    SEAL = "banyan_seal"  # what forms are bound to
    TOLD = "banyan_told"  # the code of a message to be shown once


Jar = jar.Jar[Cookie]


def jar_of(given: Mapping[str, str], *, secure: bool) -> Jar:
    """`secure`: the shop is on https."""
    return Jar(Cookie, given, path="/", same_site="lax", secure=secure, shared=[Cookie.CART])
