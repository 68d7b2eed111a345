"""Customers with their address books.

A password comes as the hash there is, with its scheme. Back goes a hash that the shop's PHP can check: one of its own schemes,
on OpenCart 4 bcrypt (and Argon2id, where its PHP knows that) for a password that was set with us. OpenCart 3 has room for
SHA-1 and MD5 alone, which nobody should hash a new password with: it is marked as one that fits nothing, and the customer
asks for a new one. As long as a password is the one that came from the legacy shop, the service hands over that hash.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from banyan.contracts.legacy import Customer, CustomerAddress
from banyan.move.legacy import NewRows, Ref, Rows, Stock
from banyan.move.legacy.opencart import emails, places, text, times
from banyan.move.legacy.opencart.edits import Edit, kept, put
from banyan.move.legacy.opencart.places import Columns
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.rows import Row

NO_PASSWORD = "!"
"""What stands where a hash should be: it fits nothing, in any scheme."""
_HERE = Columns()
_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Schemes:
    """What a 40-digit hash with a salt is here, and whether the shop's PHP checks bcrypt and Argon2id."""

    salted: str
    php: bool


def record(schemes: Schemes, shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Customer, ...]:
    """The customer; a closed one without address where the row is gone."""
    found = rows.get("customer") or ()
    id = stock.id("customer", ref.key)
    if not found:
        emails.released(stock.names, ref.key)
        return (Customer(id=id, version=version, email="", name="", closed=True, created_at=times.NEVER),)
    row = found[0]
    closed = not row.int("status")
    name = places.person(row, _HERE)
    scheme, kept_hash = _password(row, schemes)
    return (
        Customer(
            id=id,
            version=version,
            email=emails.address(stock.names, ref.key, _email(row), closed=closed),
            name=name,
            phone=text.line(row.text("telephone")),
            password_scheme=scheme,
            password_hash=kept_hash,
            addresses=_addresses(shop, row, rows.get("address") or (), stock, name),
            newsletter=bool(row.int("newsletter")),
            closed=closed,
            created_at=times.first(row, ("date_added",), shop.clock),
        ),
    )


def rows(
    schemes: Schemes, shop: Shop, ref: Ref, record: Customer, before: Customer | None, rows: Rows, stock: Stock
) -> NewRows:
    """The customer's rows with what differs from before."""
    out = kept(rows)
    old = rows.get("customer") or ()
    edit = Edit(old[0]) if old else _new(shop, ref, record, stock)
    fields = ("name", "phone", "newsletter", "closed")
    changed = {each for each in fields if before is None or getattr(record, each) != getattr(before, each)}
    if "name" in changed:
        places.write_person(edit, _HERE, record.name)
    if "phone" in changed:
        edit.words("telephone", record.phone)
    if "newsletter" in changed:
        edit.number("newsletter", int(record.newsletter))
    if "closed" in changed:
        edit.number("status", int(not record.closed))
    if (before is None or record.email != before.email) and not emails.stands_for(record.email, ref.key):
        edit.words("email", record.email)
    if before is None or (record.password_scheme, record.password_hash) != (
        before.password_scheme,
        before.password_hash,
    ):
        _write_password(edit, schemes, record)
    _write_addresses(shop, ref, record, before, rows, stock, edit, out)
    put(out, "customer", [edit])
    return out


def _email(row: Row) -> str:
    return html.unescape(row.text("email"))


def _password(row: Row, schemes: Schemes) -> tuple[str | None, str | None]:
    """Scheme and hash. None and None where there is none that anybody could check."""
    kept_hash = row.text("password").strip()
    salt = row.text("salt") if "salt" in row else ""
    if kept_hash.startswith("$2"):
        return "bcrypt", kept_hash
    if kept_hash.startswith("$argon2id$"):
        return "argon2id", kept_hash
    if _HEX.fullmatch(kept_hash):
        if len(kept_hash) == 40:
            return schemes.salted, f"{salt}${kept_hash}"
        if len(kept_hash) == 32:
            return "md5", kept_hash
    return None, None


def _write_password(edit: Edit, schemes: Schemes, record: Customer) -> None:
    """A hash of the shop's own kind, or one that fits nothing; never a password that is no longer the customer's."""
    kept_hash = record.password_hash or ""
    salt = ""
    if record.password_scheme in ("sha1-salted", "sha1-salted-escaped") and record.password_scheme == schemes.salted:
        salt, _, kept_hash = kept_hash.partition("$")
    elif not (record.password_scheme == "md5" or (record.password_scheme in ("bcrypt", "argon2id") and schemes.php)):
        kept_hash = NO_PASSWORD
    edit.plain("password", kept_hash)
    edit.plain("salt", salt)


def _addresses(shop: Shop, customer: Row, rows: Sequence[Row], stock: Stock, name: str) -> tuple[CustomerAddress, ...]:
    default = _default(customer, rows)
    return tuple(
        CustomerAddress(
            id=stock.id("address", str(row.int("address_id"))),
            address=places.read(shop, row, _HERE, name=name),
            is_default=row.int("address_id") == default,
        )
        for row in _in_order(rows)
    )


def _in_order(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.int("address_id"))


def _default(customer: Row, rows: Sequence[Row]) -> int:
    """The default address's number; 0 for none. OpenCart 4 marks it in the address book, 3 at the customer."""
    if "address_id" in customer:
        return customer.int("address_id")
    return next((row.int("address_id") for row in _in_order(rows) if "default" in row and row.int("default")), 0)


def _write_addresses(
    shop: Shop,
    ref: Ref,
    record: Customer,
    before: Customer | None,
    rows: Rows,
    stock: Stock,
    customer: Edit,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
) -> None:
    known = {each.id: each for each in before.addresses} if before else {}
    if before and record.addresses == before.addresses:
        return
    old = {row.int("address_id"): row for row in rows.get("address") or ()}
    wanted = {int(stock.key("address", each.id)): each for each in record.addresses}
    edits: dict[int, Edit] = {}
    for number, each in wanted.items():
        edit = Edit(old[number]) if number in old else _new_address(ref, number, stock)
        places.write(shop, edit, _HERE, each.address, known[each.id].address if each.id in known else None)
        edits[number] = edit
    default = next((number for number, each in wanted.items() if each.is_default), 0)
    if default != next((int(stock.key("address", each.id)) for each in known.values() if each.is_default), 0):
        for number, edit in edits.items():
            edit.number("default", int(number == default))
        customer.number("address_id", default)
    if edits or old:
        put(
            out, "address", [edits[number] for number in [*old, *(n for n in edits if n not in old)] if number in edits]
        )


def _new_address(ref: Ref, number: int, stock: Stock) -> Edit:
    edit = Edit.fresh(stock.tables["address"])
    edit.number("address_id", number)
    edit.number("customer_id", int(ref.key))
    for column in ("company", "address_2"):
        edit.raw(column, b"")
    edit.raw("custom_field", b"[]")
    return edit


def _new(shop: Shop, ref: Ref, record: Customer, stock: Stock) -> Edit:
    """A customer who signed up with us: as OpenCart's own registration writes one."""
    edit = Edit.fresh(stock.tables["customer"])
    edit.number("customer_id", int(ref.key))
    edit.number("customer_group_id", shop.number("config_customer_group_id", 1))
    edit.number("store_id", 0)
    edit.number("language_id", shop.language)
    edit.raw("custom_field", b"[]")
    for column in ("ip", "fax", "salt", "token", "code"):
        edit.raw(column, b"")
    edit.number("status", 1)
    edit.raw("date_added", times.wall(record.created_at, shop.clock))
    return edit
