"""OpenCart 4.1: InnoDB and utf8mb4, payment and shipping methods as JSON, specials among the discounts.

A product that is a variant of another (`master_id`) is a product of its own here, as it is in that shop's pages.
"""

from collections.abc import Mapping

from banyan.contracts.moving import CONFIRM, PLACE
from banyan.move.legacy import Page, Use
from banyan.move.legacy.opencart.addresses import BROWSING, READ, UNSAFE, WRITE, page, rest, shared, split
from banyan.move.legacy.opencart.customers import Schemes
from banyan.move.legacy.opencart.orders import OFFLINE
from banyan.move.legacy.opencart.shape import OpenCart
from banyan.move.legacy.opencart.tables import CATALOG, ORDERS, USERS, uses

_ONLY_IN_3 = (
    "order_recurring order_recurring_transaction order_shipment order_voucher product_recurring product_special voucher "
    "voucher_history voucher_theme voucher_theme_description"
)

PAGES: tuple[Page, ...] = (
    page("POST", "product/review.write", CATALOG, WRITE),
    *BROWSING,
    *shared("."),
    page("GET", "checkout/cart.list", ORDERS, READ, "cart.info"),
    page("POST", "common/cart.removeProduct", ORDERS, WRITE, "cart.remove"),
    page("POST", "common/currency.save", ORDERS, WRITE, "currency.save"),
    page("POST", "account/address.save", USERS, WRITE, "address.save"),
    page("POST", "account/address.delete", USERS, WRITE, "address.delete"),
    page("POST", "account/edit.save", USERS, WRITE, "account.save"),
    page("POST", "account/password.save", USERS, WRITE, "password.save"),
    page("POST", "account/newsletter.save", USERS, WRITE, "newsletter.save"),
    page("POST", "account/login.login", USERS, WRITE, "login"),
    page("POST", "account/register.register", USERS, WRITE, "register"),
    page("POST", "account/wishlist.remove", USERS, WRITE, "wishlist.remove"),
    split("checkout/shipping_address.save", "checkout.new_address", "checkout.account_address"),
    split("checkout/payment_address.save", "checkout", "checkout.account_address"),
    split("checkout/register.save", "checkout", "checkout.account"),
    page("POST", "checkout/shipping_address.address", ORDERS, WRITE, "checkout.address"),
    page("POST", "checkout/shipping_method.quote", ORDERS, WRITE, "checkout.ways"),
    page("POST", "checkout/shipping_method.save", ORDERS, WRITE, "checkout.way"),
    page("POST", "checkout/payment_method.getMethods", ORDERS, WRITE, "checkout.means"),
    page("POST", "checkout/payment_method.save", ORDERS, WRITE, "checkout.pay"),
    page("GET", "checkout/confirm.confirm", ORDERS, UNSAFE, CONFIRM),
    *(page("POST", f"extension/opencart/payment/{each}.confirm", ORDERS, WRITE, PLACE) for each in sorted(OFFLINE)),
    *rest(),
)


class OpenCart4(OpenCart):
    """Salted SHA-1 hashes come from an older shop: over the password as typed, or as escaped; both are tried."""

    name = "opencart4"
    schemes = Schemes(salted="sha1-salted", php=True)
    uses: Mapping[str, Use] = uses(
        without=frozenset(_ONLY_IN_3.split()),
        noise={"cart": frozenset({"date_added"}), "session": frozenset({"expire"})},
    )
    pages = PAGES
