"""Addresses, in the address book and copied into orders alike: names, streets, countries and regions, both ways."""

from dataclasses import dataclass

from banyan.contracts.users import Address
from banyan.move.legacy.opencart import text
from banyan.move.legacy.opencart.edits import Edit
from banyan.move.legacy.opencart.shop import NOWHERE, Shop
from banyan.move.rows import Row

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of an address are called before a word: `shipping_` in an order, nothing in the address book."""

    prefix: str = ""

    def __getitem__(self, column: str) -> str:
        return f"{self.prefix}{column}"


def person(row: Row, columns: Columns) -> str:
    """First and last name in one line."""
    first, last = text.line(row.text(columns["firstname"])), text.line(row.text(columns["lastname"]))
    return f"{first} {last}".strip()[:LONGEST_NAME].rstrip()


def write_person(edit: Edit, columns: Columns, name: str) -> None:
    """The last word of a name is the last name."""
    first, _, last = name.strip().rpartition(" ")
    edit.words(columns["firstname"], first.strip() or last)
    edit.words(columns["lastname"], last if first.strip() else "")


def read(shop: Shop, row: Row, columns: Columns, *, name: str = "", phone: str = "") -> Address:
    """An address as ours. A company stands in the second line, behind what is there."""
    more = (text.line(row.text(columns["address_2"])), text.line(row.text(columns["company"])))
    return Address(
        name=person(row, columns) or name,
        line1=text.line(row.text(columns["address_1"])),
        line2=", ".join(each for each in more if each),
        city=text.line(row.text(columns["city"])),
        region=_region(shop, row, columns),
        postal_code=text.line(row.text(columns["postcode"])),
        country=_country(shop, row, columns),
        phone=phone,
    )


def write(shop: Shop, edit: Edit, columns: Columns, address: Address, before: Address | None) -> None:
    """What of an address differs from before; all of it where there was none."""
    fields = ("name", "line1", "line2", "city", "region", "postal_code", "country")
    changed = {each for each in fields if before is None or getattr(address, each) != getattr(before, each)}
    if "name" in changed:
        write_person(edit, columns, address.name)
    if "line1" in changed:
        edit.words(columns["address_1"], address.line1)
    if "line2" in changed:
        edit.words(columns["address_2"], address.line2)
        edit.words(columns["company"], "")
    if "city" in changed:
        edit.words(columns["city"], address.city)
    if "postal_code" in changed:
        edit.words(columns["postcode"], address.postal_code)
    if changed & {"country", "region"}:
        _write_country(shop, edit, columns, address)


def _country(shop: Shop, row: Row, columns: Columns) -> str:
    code = shop.countries.get(row.int(columns["country_id"]))
    if code is None and columns["country"] in row:
        code = shop.country_by_name.get(text.line(row.text(columns["country"])).casefold())
    return code or NOWHERE


def _region(shop: Shop, row: Row, columns: Columns) -> str:
    written = text.line(row.text(columns["zone"])) if columns["zone"] in row else ""
    return written or shop.zones.get(row.int(columns["zone_id"]), "")


def _write_country(shop: Shop, edit: Edit, columns: Columns, address: Address) -> None:
    country = shop.country_ids.get(address.country, 0)
    zone = shop.zone_ids.get((country, address.region.strip().casefold()), 0)
    edit.number(columns["country_id"], country)
    edit.number(columns["zone_id"], zone)
    edit.words(columns["country"], shop.country_names.get(country, ""))  # only an order has the words
    edit.words(columns["zone"], address.region)
