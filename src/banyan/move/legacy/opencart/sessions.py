"""What a shopper's session says, of what a shopper keeps when the shop moves: who is signed in, and in which currency."""

import json
from dataclasses import dataclass

from banyan.move.rows import Row


@dataclass(frozen=True, slots=True)
class Session:
    """`customer` is the customer's number, None for a guest."""

    id: str
    customer: str | None
    currency: str


def session(row: Row) -> Session:
    """A row of `session`. What cannot be read is a guest's session."""
    try:
        said = json.loads(row.text("data") or "{}")
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    customer = said.get("customer")
    number = customer.get("customer_id") if isinstance(customer, dict) else said.get("customer_id")
    found = str(number) if str(number or "").isascii() and str(number or "").isdigit() and str(number) != "0" else None
    return Session(row.text("session_id"), found, str(said.get("currency") or ""))
