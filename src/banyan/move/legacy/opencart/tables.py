"""What each of OpenCart's tables is to us, version 3 and 4 alike: whose records it makes, what is only looked up, what is only
kept, and what is left behind with its reason.
"""

from collections.abc import Callable, Iterable, Mapping

from banyan.move.legacy import Use, View
from banyan.move.legacy.opencart import carts, looks
from banyan.move.legacy.opencart.shop import OPTIONS
from banyan.move.rows import Row

CATALOG, USERS, ORDERS = "catalog", "users", "orders"
GROUPS = (CATALOG, USERS, ORDERS)
STOCK_COLUMNS = frozenset({"quantity", "subtract"})

_PRODUCT = frozenset(
    {
        "model",
        "sku",
        "image",
        "manufacturer_id",
        "price",
        "weight",
        "weight_class_id",
        "status",
        "date_added",
        "date_modified",
    }
)
_VALUE = frozenset(
    {"product_option_id", "option_id", "option_value_id", "price", "price_prefix", "weight", "weight_prefix"}
)
_OPTION = frozenset({"option_id", "required"})
_OF_PRODUCT = (
    "product_attribute product_code product_description product_discount product_filter product_image product_recurring "
    "product_related product_reward product_special product_subscription product_to_category product_to_download "
    "product_to_layout product_to_store"
)
_OF_ORDER = (
    "order order_history order_option order_product order_recurring order_shipment "
    "order_subscription order_total order_voucher"
)
_LOOKED_UP = (
    "attribute attribute_description country country_description currency language option option_description option_value "
    "option_value_description order_status setting store weight_class weight_class_description zone zone_description"
)
_ONLY_KEPT = {
    CATALOG: (
        "attribute_group attribute_group_description category_filter category_to_layout download download_description filter "
        "filter_description filter_group filter_group_description manufacturer_to_layout review stock_status tax_class"
    ),
    USERS: (
        "custom_field custom_field_customer_group custom_field_description custom_field_value "
        "custom_field_value_description customer_affiliate customer_approval customer_group "
        "customer_group_description customer_history customer_reward customer_transaction customer_wishlist gdpr"
    ),
    ORDERS: (
        "coupon coupon_category coupon_history coupon_product return return_action return_history return_reason return_status "
        "subscription subscription_history subscription_log subscription_option subscription_plan "
        "subscription_plan_description subscription_product subscription_status voucher voucher_history voucher_theme "
        "voucher_theme_description"
    ),
}

_LEFT_BEHIND = {
    "the administrators' own accounts and sign-ins; ours are made with `banyan users create-operator`": (
        "user user_authorize user_group user_login user_token api api_history api_ip api_session"
    ),
    "how the old shop's pages look and what extensions are in it; ours are other pages": (
        "banner banner_image event extension extension_install extension_path layout layout_module layout_route modification "
        "module startup theme translation cron"
    ),
    "pages of text (about us, articles), which the old shop goes on serving; they are no part of a group": (
        "article article_comment article_description article_rating article_to_layout article_to_store information "
        "information_description information_to_layout information_to_store topic topic_description topic_to_layout "
        "topic_to_store"
    ),
    "logs and counters that the old shop writes for itself, most of its writes": (
        "antispam customer_activity customer_affiliate_report customer_authorize customer_ip customer_login customer_online "
        "customer_search customer_token download_report marketing marketing_report notification product_report product_viewed "
        "statistics upload"
    ),
    "taxes and zones of the old shop's own rules; ours are in orders/domain/tax.py, and what an order was charged is in it": (
        "geo_zone tax_rate tax_rate_to_customer_group tax_rule zone_to_geo_zone"
    ),
    "words and measures of the old shop's pages": (
        "address_format identifier length_class length_class_description location recurring recurring_description "
        "shipping_courier"
    ),
    "what the old shop tells Google; to be set up anew": (
        "googleshopping_category googleshopping_product googleshopping_product_status googleshopping_product_target "
        "googleshopping_target"
    ),
}
SETTINGS = frozenset(
    {
        "config_complete_status",
        "config_currency",
        "config_customer_group_id",
        "config_invoice_prefix",
        "config_language",
        "config_language_catalog",
        "config_name",
        "config_processing_status",
        "config_stock_checkout",
        "config_url",
        "config_void_status_id",
    }
)
"""What is read of the shop's settings. The others are not mirrored: the mail password and payment keys are among them, under
names that only each extension knows."""
IGNORED: Mapping[str, str] = {table: why for why, tables in _LEFT_BEHIND.items() for table in tables.split()}
"""Table → why it is left behind."""


def uses(*, without: frozenset[str], noise: Mapping[str, frozenset[str]]) -> dict[str, Use]:
    """The uses of the tables that a version has: all but some."""
    return {use.table: use for use in _all(noise) if use.table not in without}


def _all(noise: Mapping[str, frozenset[str]]) -> Iterable[Use]:
    def use(
        table: str, group: str, *views: View, reference: bool = False, keeps: Callable[[Row], bool] | None = None
    ) -> Use:
        optional, fenced = table not in _CORE, table in OPTIONS
        return Use(
            table, group, views, reference, noise.get(table, frozenset()), optional=optional, keeps=keeps, fenced=fenced
        )

    yield use("customer", USERS, View("customer", USERS, "customer_id"))
    yield use("address", USERS, View("customer", USERS, "customer_id"))
    for table in ("category", "category_description", "category_path", "category_to_store"):
        yield use(table, CATALOG, View("category", CATALOG, "category_id"), reference=True)
    yield use("manufacturer", CATALOG, View("brand", CATALOG, "manufacturer_id"), reference=True)
    yield use("manufacturer_to_store", CATALOG, View("brand", CATALOG, "manufacturer_id"))
    yield use("product", CATALOG, *_counted(_PRODUCT))
    yield use("product_option", CATALOG, View("product", CATALOG, "product_id", _OPTION), _stock(_OPTION))
    yield use("product_option_value", CATALOG, *_counted(_VALUE))
    for table in _OF_PRODUCT.split():
        yield use(table, CATALOG, View("product", CATALOG, "product_id"))
    yield use("seo_url", CATALOG, View("product", CATALOG, _named))
    for table in _OF_ORDER.split():
        yield use(table, ORDERS, View("order", ORDERS, "order_id"))
    yield use("order_recurring_transaction", ORDERS)
    yield use("cart", ORDERS, View("cart", ORDERS, carts.key))
    yield use("session", ORDERS)
    for table in _LOOKED_UP.split():
        yield use(table, CATALOG, reference=True, keeps=_is_read if table == "setting" else None)
    for group, tables in _ONLY_KEPT.items():
        for table in tables.split():
            yield use(table, group)


_ALWAYS = (
    "customer address category category_description category_path category_to_store manufacturer product product_option "
    "product_option_value product_description product_image product_to_category product_to_store order order_product "
    "order_option order_total order_history cart country currency language option option_description option_value "
    "option_value_description order_status setting zone"
)
_CORE = frozenset(_ALWAYS.split())


def _is_read(row: Row) -> bool:
    return row.text("key") in SETTINGS


def _counted(columns: frozenset[str]) -> tuple[View, View]:
    """A table in which the catalogue's columns and those of stock stand side by side."""
    return View("product", CATALOG, "product_id", columns), _stock(STOCK_COLUMNS)


def _stock(columns: frozenset[str]) -> View:
    return View("stock", ORDERS, "product_id", columns)


def _named(row: Row) -> str | None:
    """The product that a search-friendly name stands for."""
    key, value = looks.named(row)
    return value if key == "product_id" and value.isascii() and value.isdigit() else None
