"""What a shopper's session says, of what a shopper keeps when the shop moves: who is signed in, and in which currency."""

import json
from dataclasses import dataclass

from banyan.move.rows import Row


@dataclass(frozen=True, slots=True)
class Session:
    """`customer` is the customer's number, None for a guest. Of a checkout under way: `address`, the number of the address
    it goes to, and `order`, that of the order as it was last shown; both empty for none."""

    id: str
    customer: str | None
    currency: str
    address: str = ""
    order: str = ""


def session(row: Row) -> Session:
    """A row of `session`. What cannot be read is a guest's session."""
    try:
        said = json.loads(row.text("data") or "{}")
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    customer = said.get("customer")
    number = customer.get("customer_id") if isinstance(customer, dict) else said.get("customer_id")
    address = said.get("shipping_address")
    return Session(
        row.text("session_id"),
        _number(number) or None,
        str(said.get("currency") or ""),
        address=_number(address.get("address_id")) if isinstance(address, dict) else "",
        order=_number(said.get("order_id")),
    )


def _number(said: object) -> str:
    """A row's number; empty for none."""
    number = str(said or "")
    return number if number.isascii() and number.isdigit() and number != "0" else ""
