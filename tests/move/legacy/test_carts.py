"""A customer has one cart in the legacy shop for good, and here one after the other."""

import pytest

from banyan.contracts.legacy import CartLineRecord, CartRecord
from banyan.move.legacy import Ref
from tests.move.legacy.conftest import Shelf


@pytest.fixture(scope="module")
def shelf(installed4: Shelf) -> Shelf:
    installed4.deliver()
    return installed4


def test_a_cart_that_was_ordered_does_not_empty_the_next_one_over_there(shelf: Shelf) -> None:
    user, line = shelf.id("customer", "1"), CartLineRecord(sku="Product 16", quantity=1)
    first = CartRecord(id="crt_first", version=1, user_id=user, lines=(line,))
    ordered = first.model_copy(update={"lines": ()})
    assert shelf.adapter.ref(first, shelf.stock) == Ref("cart", "c1")
    assert shelf.adapter.ref(ordered, shelf.stock) == Ref("cart", "c1")
    second = CartRecord(id="crt_second", version=1, user_id=user, lines=(line,))
    assert shelf.adapter.ref(second, shelf.stock) == Ref("cart", "c1")
    assert shelf.adapter.ref(ordered, shelf.stock) is None


def test_neither_an_empty_cart_nor_the_next_one_is_a_loss(shelf: Shelf) -> None:
    user, line = shelf.id("customer", "2"), CartLineRecord(sku="Product 16", quantity=3)
    cart = CartRecord(id="crt_third", version=1, user_id=user, lines=(line,))
    ref = shelf.adapter.ref(cart, shelf.stock)
    assert ref is not None
    rows = shelf.write(ref, cart, {})
    assert shelf.adapter.lost(ref, cart.model_copy(update={"id": "crt_fourth"}), rows, shelf.stock) == ()
    emptied = cart.model_copy(update={"lines": ()})
    assert shelf.adapter.lost(ref, emptied, shelf.write(ref, emptied, rows), shelf.stock) == ()
