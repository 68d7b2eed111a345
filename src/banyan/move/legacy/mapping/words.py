"""What a mapping file may say: the fields of each kind of record with their types, and how a column may spell each type."""

from collections.abc import Mapping

STATUS = ("draft", "published", "archived")
ORDER_STATUS = ("processing", "confirmed", "fulfilled", "cancelled", "refunded", "payment_failed")
SCHEMES = ("bcrypt", "sha1-salted", "sha1-salted-escaped", "md5", "argon2id")

FORMS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "html"),
    "number": ("number",),
    "flag": ("flag",),
    "time": ("time", "epoch"),
    "money": ("amount", "minor"),
    "ref": ("key",),
    "status": ("text",),
    "order_status": ("text",),
    "scheme": ("text",),
}
"""Type → how it may be spelt; the first where nothing is said. `html` is escaped text, `epoch` seconds since 1970, `amount`
a decimal number of major units, `minor` a whole number of minor units."""

TYPES: Mapping[str, tuple[str, ...]] = {"status": STATUS, "order_status": ORDER_STATUS, "scheme": SCHEMES}
"""Types that are one of a few words."""

_PLACE = {
    "name": "text",
    "line1": "text",
    "line2": "text",
    "city": "text",
    "region": "text",
    "postal_code": "text",
    "country": "text",
    "phone": "text",
}

FIELDS: Mapping[str, Mapping[str, str]] = {
    "brand": {"name": "text"},
    "category": {"name": "text", "parent_id": "ref", "position": "number"},
    "product": {
        "name": "text",
        "description": "text",
        "slug": "text",
        "brand_id": "ref",
        "category_id": "ref",
        "status": "status",
        "popularity": "number",
        "created_at": "time",
        "attributes.*": "text",
    },
    "stock": {"sku": "text", "on_hand": "number", "tracked": "flag", "backorder": "flag"},
    "customer": {
        "email": "text",
        "name": "text",
        "phone": "text",
        "password_scheme": "scheme",
        "password_hash": "text",
        "newsletter": "flag",
        "closed": "flag",
        "created_at": "time",
    },
    "order": {
        "number": "text",
        "user_id": "ref",
        "email": "text",
        "currency": "text",
        "shipping_option": "text",
        "subtotal": "money",
        "discount": "money",
        "shipping": "money",
        "tax": "money",
        "total": "money",
        "status": "order_status",
        "legacy_status": "text",
        "paid": "flag",
        "payment_method": "text",
        "payment_reference": "text",
        "placed_at": "time",
        **{f"address.{name}": type_ for name, type_ in _PLACE.items()},
    },
}

CHILDREN: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "customer": {"addresses": {**_PLACE, "is_default": "flag"}},
    "product": {"variants": {"sku": "text", "weight_g": "number", "options.*": "text", "prices.*": "money"}},
    "order": {
        "lines": {
            "sku": "text",
            "product_id": "ref",
            "name": "text",
            "options.*": "text",
            "quantity": "number",
            "unit_price": "money",
            "total": "money",
            "tax": "money",
        }
    },
}

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "brand": ("name",),
    "category": ("name",),
    "product": ("name",),
    "product.variants": ("sku", "prices"),
    "stock": ("sku", "on_hand"),
    "customer": ("email",),
    "order": ("email", "total", "status", "placed_at"),
    "order.lines": ("name", "quantity", "unit_price"),
}
