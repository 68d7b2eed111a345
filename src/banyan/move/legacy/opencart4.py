"""OpenCart 4.1: InnoDB and utf8mb4, payment and shipping methods as JSON, specials among the discounts.

A product that is a variant of another (`master_id`) is a product of its own here, as it is in that shop's pages.
"""

from collections.abc import Mapping

from banyan.move.legacy import Page, Use
from banyan.move.legacy.opencart.addresses import BROWSING, READ, UNSAFE, WRITE, page, rest
from banyan.move.legacy.opencart.customers import Schemes
from banyan.move.legacy.opencart.shape import OpenCart
from banyan.move.legacy.opencart.tables import CATALOG, ORDERS, USERS, uses

_ONLY_IN_3 = (
    "order_recurring order_recurring_transaction order_shipment order_voucher product_recurring product_special voucher "
    "voucher_history voucher_theme voucher_theme_description"
)

PAGES: tuple[Page, ...] = (
    page("POST", "product/review.write", CATALOG, WRITE),
    *BROWSING,
    page("POST", "checkout/cart.add", ORDERS, WRITE, "cart.add"),
    page("POST", "checkout/cart.edit", ORDERS, WRITE, "cart.edit"),
    page("POST", "checkout/cart.remove", ORDERS, WRITE, "cart.remove"),
    page("GET", "checkout/cart", ORDERS, READ, "/cart"),
    page("GET", "checkout/cart.list", ORDERS, READ, "cart.info"),
    page("GET", "common/cart.info", ORDERS, READ, "cart.info"),
    page("POST", "common/cart.removeProduct", ORDERS, WRITE, "cart.remove"),
    page("POST", "common/currency.save", ORDERS, WRITE, "currency.save"),
    page("GET", "account/account", USERS, READ, "/account"),
    page("GET", "account/edit", USERS, READ, "/account"),
    page("GET", "account/password", USERS, READ, "/account/security"),
    page("GET", "account/address", USERS, READ, "/account/addresses"),
    page("GET", "account/order", ORDERS, READ, "/account/orders"),
    page("GET", "account/order.info", ORDERS, READ, "/account/orders"),
    page("POST", "account/address.save", USERS, WRITE, "address.save"),
    page("POST", "account/address.delete", USERS, WRITE, "address.delete"),
    page("POST", "account/edit.save", USERS, WRITE, "account.save"),
    page("POST", "account/password.save", USERS, WRITE, "password.save"),
    page("POST", "account/newsletter.save", USERS, WRITE, "newsletter.save"),
    page("GET", "account/login", USERS, UNSAFE, "/sign-in"),
    page("POST", "account/login.login", USERS, WRITE, "login"),
    page("GET", "account/logout", USERS, UNSAFE, "logout"),
    page("GET", "account/register", USERS, UNSAFE, "/sign-up"),
    page("POST", "account/register.register", USERS, WRITE, "register"),
    page("GET", "account/forgotten", USERS, READ, "/sign-in"),
    page("POST", "account/wishlist.add", USERS, WRITE, "wishlist.add"),
    page("POST", "account/wishlist.remove", USERS, WRITE, "wishlist.remove"),
    page("POST", "checkout/shipping_address.save", ORDERS, WRITE, "checkout"),
    page("GET", "checkout/checkout", ORDERS, UNSAFE, "checkout"),
    page("GET", "checkout/confirm.confirm", ORDERS, UNSAFE, "checkout"),
    page("GET", "checkout/success", ORDERS, UNSAFE, "checkout"),
    *rest(),
)


class OpenCart4(OpenCart):
    """Salted SHA-1 hashes come from an older shop: over the password as typed, or as escaped; both are tried."""

    name = "opencart4"
    schemes = Schemes(salted="sha1-salted", argon2=True)
    uses: Mapping[str, Use] = uses(
        without=frozenset(_ONLY_IN_3.split()),
        noise={"cart": frozenset({"date_added"}), "session": frozenset({"expire"})},
    )
    pages = PAGES
