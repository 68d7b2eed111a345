"""Which aggregates a fact is about."""

from typing import Any

import pytest

from banyan.contracts import EVENTS
from banyan.contracts.catalog import BrandsChanged
from banyan.contracts.users import PasswordChanged
from banyan.move.way_back.touched import FIELDS, touched


@pytest.mark.parametrize(
    ("owner", "data", "found"),
    [
        ("users", {"user_id": "usr_1", "name": "Ada"}, {("customer", "usr_1")}),
        ("catalog", {"product_id": "prd_1", "sku": "A", "after": {"amount": 1}}, {("product", "prd_1")}),
        ("catalog", {"category_id": "cat_1"}, {("category", "cat_1")}),
        ("catalog", BrandsChanged(brand_id="brd_1").model_dump(), {("brand", "brd_1")}),
        ("users", PasswordChanged(user_id="usr_1").model_dump(), {("customer", "usr_1")}),
        (
            "orders",
            {"order_id": "ord_1", "cart_id": "crt_1", "user_id": "usr_1"},
            {("order", "ord_1"), ("cart", "crt_1")},
        ),
        ("inventory", {"order_id": "ord_1", "lines": [{"sku": "A"}, {"sku": "B"}]}, {("stock", "A"), ("stock", "B")}),
        ("inventory", {"parcels": [{"warehouse_id": "w", "lines": [{"sku": "A"}]}]}, {("stock", "A")}),
        ("orders", {"order_id": None, "cart_id": ""}, set()),
    ],
)
def test_a_fact_touches_what_its_fields_name_and_its_service_owns(
    owner: str, data: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    assert touched(owner, data) == found


def test_every_fact_of_a_service_with_records_names_something() -> None:
    """A new fact whose fields say nothing here would never go back: then it must be known that it need not."""
    silent = {"users.RolesChanged", "users.SessionsEnded"}
    for name, event in EVENTS.items():
        owner = name.partition(".")[0]
        if owner in ("users", "catalog", "inventory", "orders") and name not in silent and "." in name:
            nested = {field for field in ("lines", "parcels", "short") if field in event.model_fields}
            assert set(event.model_fields) & set(FIELDS) or nested, name
