"""What the demo's legacy shop sells."""

from datetime import datetime, timedelta
from decimal import Decimal

from banyan.kernel.ids import Ids
from banyan.move.demo.stocking.putting import STORE, Putting, described, html, numbers

_KINDS = {
    "Kitchen": ("Kettle", "Teapot", "Pan", "Knife", "Mug", "Whisk"),
    "Garden": ("Spade", "Rake", "Watering Can", "Gloves", "Hose", "Planter"),
    "Desk": ("Lamp", "Notebook", "Pen Holder", "Chair", "Tray", "Clock"),
    "Outdoors": ("Tent", "Backpack", "Bottle", "Torch", "Blanket", "Stove"),
    "Bath": ("Towel", "Mirror", "Basket", "Brush", "Soap & Dish", "Mat"),
}
_MAKES = ("Alder", "Birch", "Cedar & Sons", "Douglas", "Elm")
_STYLES = ("Classic", "Nordic", "Compact", "Heavy-Duty", "Handmade", "Foldable")


def catalogue(put: Putting, ids: Ids, now: datetime, count: int) -> None:
    categories = list(_KINDS)
    put.rows(
        "category",
        [{"category_id": n, "image": "", "parent_id": 0, "sort_order": n, "status": 1} for n in numbers(categories)],
    )
    put.rows("category_description", [described("category", n, name) for n, name in enumerate(categories, 1)])
    put.rows("category_path", [{"category_id": n, "path_id": n, "level": 0} for n in numbers(categories)])
    put.rows("category_to_store", [{"category_id": n, "store_id": STORE} for n in numbers(categories)])
    put.rows("manufacturer", [{"manufacturer_id": n, "name": html(name)} for n, name in enumerate(_MAKES, 1)])
    put.rows("manufacturer_to_store", [{"manufacturer_id": n, "store_id": STORE} for n in numbers(_MAKES)])
    products, words, places = [], [], []
    for n in range(1, count + 1):
        category = n % len(categories)
        kind = _KINDS[categories[category]][n // len(categories) % 6]
        make, style = _MAKES[n % len(_MAKES)], _STYLES[n // 30 % len(_STYLES)]
        name = f"{style} {kind} No. {n}"
        products.append(
            {
                "product_id": n,
                "model": f"{kind[:3].upper().strip()}-{n:04d}",
                "sku": "",
                "quantity": 1000 + int(ids.fraction() * 9000),
                "stock_status_id": 5,
                "image": "",
                "manufacturer_id": n % len(_MAKES) + 1,
                "price": Decimal(int(500 + ids.fraction() * 19_500)) / 100,
                "tax_class_id": 9,
                "date_available": (now - timedelta(days=900)).date(),
                "weight": Decimal(int(1 + ids.fraction() * 40)) / 10,
                "weight_class_id": 1,
                "subtract": 1,
                "minimum": 1,
                "status": 1,
                "date_added": now - timedelta(days=900 - n),
                "date_modified": now - timedelta(days=10),
            }
        )
        words.append(described("product", n, name, f"<p>A {style.lower()} {kind.lower()} by {make}.</p>"))
        places.append({"product_id": n, "category_id": category + 1})
    put.rows("product", products)
    put.rows("product_description", words)
    put.rows("product_to_category", places)
    put.rows("product_to_store", [{"product_id": row["product_id"], "store_id": STORE} for row in products])
