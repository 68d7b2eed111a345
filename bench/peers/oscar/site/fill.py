"""Put goods, told in a file of JSON, into an empty shop; says as JSON which ids they got."""

import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from django.db import transaction  # noqa: E402
from oscar.apps.catalogue.categories import create_from_breadcrumbs  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

Product = get_model("catalogue", "Product")


@transaction.atomic
def fill(goods):
    kind = get_model("catalogue", "ProductClass").objects.create(name="Goods", track_stock=True, requires_shipping=True)
    partner = get_model("partner", "Partner").objects.create(name="Us", code="us")
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="GB", iso_3166_1_a3="GBR", printable_name="United Kingdom", name="UK", is_shipping_country=True
    )
    categories, ids = {}, {}
    for each in goods["products"]:
        if each["category"] not in categories:
            categories[each["category"]] = create_from_breadcrumbs(each["category"])
        parent = Product.objects.create(
            structure="parent",
            product_class=kind,
            title=each["name"],
            slug=each["slug"],
            description=each["description"],
            upc=each["slug"],
        )
        parent.categories.add(categories[each["category"]])
        ids[each["name"]] = {"parent": parent.pk, "slug": each["slug"]}
        for variant in each["variants"]:
            child = Product.objects.create(
                structure="child", parent=parent, title=f"{each['name']} {variant['size']}", upc=variant["sku"]
            )
            child.stockrecords.create(
                partner=partner,
                partner_sku=variant["sku"],
                price_currency="EUR",
                price=Decimal(variant["cents"]) / 100,
                num_in_stock=goods["units"],
            )
            ids[each["name"]][variant["size"]] = child.pk
    return ids


print(json.dumps(fill(json.loads(Path(sys.argv[1]).read_text()))))
