"""OpenCart 3.0: MyISAM and three-byte UTF-8, methods in plain text, specials in a table of their own, gift vouchers, and
passwords as salted SHA-1 over the HTML-escaped text.
"""

from collections.abc import Mapping

from banyan.move.legacy import Page, Use
from banyan.move.legacy.opencart.addresses import BROWSING, UNSAFE, WRITE, page, rest, shared, split
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
    *shared("/"),
    page("POST", "common/currency/currency", ORDERS, WRITE, "currency.save"),
    page("POST", "account/edit", USERS, WRITE, "account.save"),
    page("POST", "account/password", USERS, WRITE, "password.save"),
    page("POST", "account/address/add", USERS, WRITE, "address.save"),
    page("POST", "account/address/edit", USERS, WRITE, "address.save"),
    page("GET", "account/address/delete", USERS, UNSAFE, "address.delete"),
    page("POST", "account/newsletter", USERS, WRITE, "newsletter.save"),
    page("POST", "account/login", USERS, WRITE, "login"),
    page("POST", "account/register", USERS, WRITE, "register"),
    split("checkout/shipping_address/save", "checkout", "checkout.account_address"),
    split("checkout/payment_address/save", "checkout", "checkout.account_address"),
    split("checkout/register/save", "checkout", "checkout.account"),
    page("GET", "checkout/confirm", ORDERS, UNSAFE, "checkout"),
    *rest(),
)


class OpenCart3(OpenCart):
    """Its PHP knows neither bcrypt nor Argon2id: a password that was set with us does not go back."""

    name = "opencart3"
    schemes = Schemes(salted="sha1-salted-escaped", php=False)
    uses: Mapping[str, Use] = uses(
        without=frozenset(_ONLY_IN_4.split()),
        noise={
            "cart": frozenset({"date_added"}),
            "session": frozenset({"expire"}),
            "product": frozenset({"viewed"}),  # every look at a product's page
        },
    )
    pages = PAGES
