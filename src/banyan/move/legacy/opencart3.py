"""OpenCart 3.0: MyISAM and three-byte UTF-8, methods in plain text, specials in a table of their own, gift vouchers, and
passwords as salted SHA-1 over the HTML-escaped text.
"""

from collections.abc import Mapping

from banyan.move.legacy import Page, Use
from banyan.move.legacy.opencart.addresses import BROWSING, READ, UNSAFE, WRITE, page, rest
from banyan.move.legacy.opencart.customers import Schemes
from banyan.move.legacy.opencart.shape import OpenCart
from banyan.move.legacy.opencart.tables import CATALOG, ORDERS, USERS, uses

_ONLY_IN_4 = (
    "country_description gdpr manufacturer_to_layout order_subscription product_code product_subscription subscription "
    "subscription_history subscription_log subscription_option subscription_plan subscription_plan_description "
    "subscription_product subscription_status zone_description"
)

PAGES: tuple[Page, ...] = (
    page("POST", "product/product/write", CATALOG, WRITE),
    *BROWSING,
    page("POST", "checkout/cart/add", ORDERS, WRITE, "cart.add"),
    page("POST", "checkout/cart/edit", ORDERS, WRITE, "cart.edit"),
    page("POST", "checkout/cart/remove", ORDERS, WRITE, "cart.remove"),
    page("GET", "checkout/cart", ORDERS, READ, "/cart"),
    page("GET", "common/cart/info", ORDERS, READ, "cart.info"),
    page("POST", "common/currency/currency", ORDERS, WRITE, "currency.save"),
    page("GET", "account/account", USERS, READ, "/account"),
    page("GET", "account/edit", USERS, READ, "/account"),
    page("POST", "account/edit", USERS, WRITE, "account.save"),
    page("GET", "account/password", USERS, READ, "/account/security"),
    page("POST", "account/password", USERS, WRITE, "password.save"),
    page("GET", "account/address", USERS, READ, "/account/addresses"),
    page("POST", "account/address/add", USERS, WRITE, "address.save"),
    page("POST", "account/address/edit", USERS, WRITE, "address.save"),
    page("GET", "account/address/delete", USERS, UNSAFE, "address.delete"),
    page("POST", "account/newsletter", USERS, WRITE, "newsletter.save"),
    page("GET", "account/order", ORDERS, READ, "/account/orders"),
    page("GET", "account/order/info", ORDERS, READ, "/account/orders"),
    page("GET", "account/login", USERS, UNSAFE, "/sign-in"),
    page("POST", "account/login", USERS, WRITE, "login"),
    page("GET", "account/logout", USERS, UNSAFE, "logout"),
    page("GET", "account/register", USERS, UNSAFE, "/sign-up"),
    page("POST", "account/register", USERS, WRITE, "register"),
    page("GET", "account/forgotten", USERS, READ, "/sign-in"),
    page("POST", "account/wishlist/add", USERS, WRITE, "wishlist.add"),
    page("GET", "checkout/checkout", ORDERS, UNSAFE, "checkout"),
    page("GET", "checkout/confirm", ORDERS, UNSAFE, "checkout"),
    page("GET", "checkout/success", ORDERS, UNSAFE, "checkout"),
    *rest(),
)


class OpenCart3(OpenCart):
    """Its PHP knows neither bcrypt nor Argon2id: a password that was set with us does not go back."""

    name = "opencart3"
    schemes = Schemes(salted="sha1-salted-escaped", argon2=False)
    uses: Mapping[str, Use] = uses(
        without=frozenset(_ONLY_IN_4.split()),
        noise={
            "cart": frozenset({"date_added"}),
            "session": frozenset({"expire"}),
            "product": frozenset({"viewed"}),  # every look at a product's page
        },
    )
    pages = PAGES
