"""What every record of a shop needs of its settings and small tables, read once and kept until one of them changes."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from banyan.kernel.money import exponent
from banyan.move.legacy import Stock
from banyan.move.legacy.opencart import edits, text, times
from banyan.move.legacy.opencart.statuses import Statuses
from banyan.move.legacy.opencart.tree import Tree
from banyan.move.rows import Row

NOWHERE = "ZZ"
"""The country of an address that names none we know: ISO 3166-1 leaves this code to its users."""
LARGEST = 2**53 - 1
OPTIONS = ("option", "option_description", "option_value", "option_value_description")


@dataclass(frozen=True, slots=True)
class Named:
    """An option or one of its values: its name in the shop's language, and where it stands."""

    name: str
    order: int
    type: str = ""


class Shop:
    """The shop's own tables, looked up by key. Parts are read when they are first asked for."""

    def __init__(self, reference: Mapping[str, Sequence[Row]], settings: Mapping[str, Any]) -> None:
        self._reference = reference
        self.settings = settings
        self.clock: ZoneInfo = times.zone(str(settings.get("time_zone") or "UTC"))

    def rows(self, table: str) -> Sequence[Row]:
        return self._reference.get(table, ())

    def besides(self, rows: Mapping[str, Sequence[Row]]) -> "Shop":
        """The shop as it is with these rows of its options: those that a product brings with it."""
        more = {table: [*self.rows(table), *rows[table]] for table in OPTIONS if rows.get(table)}
        return Shop({**self._reference, **more}, self.settings) if more else self

    @cached_property
    def config(self) -> dict[str, str]:
        """The settings of the main store."""
        return {row.text("key"): row.text("value") for row in self.rows("setting") if row.int("store_id") == 0}

    @cached_property
    def languages(self) -> list[int]:
        """Language ids: the shop's own first, then those that are on, then the rest."""
        own = self.config.get("config_language_catalog") or self.config.get("config_language") or ""
        found = sorted(
            self.rows("language"),
            key=lambda row: (
                row.text("code") != own,
                not row.int("status"),
                row.int("sort_order"),
                row.int("language_id"),
            ),
        )
        return [row.int("language_id") for row in found] or [1]

    @property
    def language(self) -> int:
        return self.languages[0]

    @cached_property
    def currency(self) -> str:
        """The currency that amounts are kept in."""
        code = self.config.get("config_currency", "").strip().upper()
        return code if is_currency(code) else "USD"

    @cached_property
    def currencies(self) -> dict[str, Row]:
        return {row.text("code").strip(): row for row in self.rows("currency")}

    @cached_property
    def rates(self) -> dict[str, Decimal]:
        """What one unit of the shop's currency is in each currency it sells in; its own first."""
        rates = {
            code: row.decimal("value")
            for code, row in self.currencies.items()
            if row.int("status") and is_currency(code) and row.decimal("value") > 0
        }
        return {self.currency: Decimal(1), **{code: rate for code, rate in rates.items() if code != self.currency}}

    def rate(self, currency: str) -> Decimal | None:
        """A currency's rate whether it is on or off; None for one that is gone."""
        if currency == self.currency:
            return Decimal(1)
        row = self.currencies.get(currency)
        return row.decimal("value") if row is not None and row.decimal("value") > 0 else None

    @cached_property
    def countries(self) -> dict[int, str]:
        """Country id → ISO 3166-1 alpha-2."""
        codes = ((row.int("country_id"), row.text("iso_code_2").strip().upper()) for row in self.rows("country"))
        return {id: code for id, code in codes if len(code) == 2 and code.isascii() and code.isalpha()}

    @cached_property
    def country_ids(self) -> dict[str, int]:
        return {code: id for id, code in sorted(self.countries.items(), reverse=True)}

    @cached_property
    def country_names(self) -> dict[int, str]:
        if self.rows("country_description"):
            return self.by_language("country_description", "country_id", "name")
        return {row.int("country_id"): text.line(row.text("name")) for row in self.rows("country") if "name" in row}

    @cached_property
    def country_by_name(self) -> dict[str, str]:
        """What somebody wrote as a country → its code."""
        return {name.casefold(): self.countries[id] for id, name in self.country_names.items() if id in self.countries}

    @cached_property
    def zones(self) -> dict[int, str]:
        if self.rows("zone_description"):
            return self.by_language("zone_description", "zone_id", "name")
        return {row.int("zone_id"): text.line(row.text("name")) for row in self.rows("zone") if "name" in row}

    @cached_property
    def zone_ids(self) -> dict[tuple[int, str], int]:
        """(country id, name or code in small letters) → zone."""
        found: dict[tuple[int, str], int] = {}
        for row in self.rows("zone"):
            country, zone = row.int("country_id"), row.int("zone_id")
            found.setdefault((country, text.line(row.text("code")).casefold()), zone)
        for row in self.rows("zone"):
            country, zone = row.int("country_id"), row.int("zone_id")
            if name := self.zones.get(zone, "").casefold():
                found[country, name] = min(zone, found.get((country, name), zone))
        return found

    @cached_property
    def statuses(self) -> Statuses:
        return Statuses.of(
            self.rows("order_status"),
            self.language,
            processing=self.listed("config_processing_status"),
            complete=self.listed("config_complete_status"),
            declared=self.settings.get("order_statuses") or {},
        )

    def listed(self, key: str) -> frozenset[int]:
        """A setting that is a JSON list of ids."""
        try:
            found = json.loads(self.config.get(key) or "[]")
            return frozenset(int(each) for each in (found.values() if isinstance(found, dict) else found))
        except (ValueError, TypeError):
            return frozenset()

    def number(self, key: str, default: int = 0) -> int:
        """A setting that is a whole number."""
        try:
            return int(self.config.get(key) or default)
        except ValueError:
            return default

    @cached_property
    def options(self) -> dict[int, Named]:
        names = self.by_language("option_description", "option_id", "name")
        return {
            (id := row.int("option_id")): Named(
                names.get(id) or f"Option {id}", row.int("sort_order"), row.text("type").strip().lower()
            )
            for row in self.rows("option")
        }

    @cached_property
    def option_values(self) -> dict[int, Named]:
        names = self.by_language("option_value_description", "option_value_id", "name")
        return {
            (id := row.int("option_value_id")): Named(names.get(id) or f"#{id}", row.int("sort_order"))
            for row in self.rows("option_value")
        }

    @cached_property
    def attributes(self) -> dict[int, str]:
        return self.by_language("attribute_description", "attribute_id", "name")

    @cached_property
    def grams(self) -> dict[int, Decimal]:
        """Weight class → grams in one of its units. OpenCart keeps only how the classes relate; the units' names tell."""
        units = {
            row.int("weight_class_id"): row.text("unit").strip().lower()
            for row in self.rows("weight_class_description")
        }
        values = {row.int("weight_class_id"): row.decimal("value") for row in self.rows("weight_class")}
        known = {"g": Decimal(1), "kg": Decimal(1000), "lb": Decimal("453.59237"), "oz": Decimal("28.349523125")}
        base = next((values[id] * known[unit] for id, unit in units.items() if unit in known and values.get(id)), None)
        return {id: (base or Decimal(1000)) / value for id, value in values.items() if value > 0}

    @cached_property
    def tree(self) -> Tree:
        placed = {row.int("category_id") for row in self.rows("category_to_store") if row.int("store_id") == 0}
        names = self.by_language("category_description", "category_id", "name")
        return Tree.of(self.rows("category"), placed, names)

    @cached_property
    def brands(self) -> dict[int, str]:
        """Brand names, each once: the same name again has its number behind it."""
        names = {row.int("manufacturer_id"): text.line(row.text("name"), 100) for row in self.rows("manufacturer")}
        taken: dict[str, int] = {}
        for id in sorted(names):
            taken.setdefault(alike(names[id]), id)
        return {
            id: name if name and taken[alike(name)] == id else numbered(name or "Brand", id, 100)
            for id, name in names.items()
        }

    def by_language(self, table: str, key: str, column: str) -> dict[int, str]:
        """A description's text by key, in the first of the shop's languages that has one."""
        rank = {id: place for place, id in enumerate(self.languages)}
        found: dict[int, tuple[int, str]] = {}
        for row in self.rows(table):
            said = text.line(row.text(column))
            place = rank.get(row.int("language_id"), len(rank))
            if said and (row.int(key) not in found or place < found[row.int(key)][0]):
                found[row.int(key)] = (place, said)
        return {id: said for id, (_, said) in found.items()}

    def spoken(self, rows: Iterable[Row], column: str, read: Callable[[str], str]) -> str:
        """One aggregate's text in the first of the shop's languages that has one; ''."""
        said = {row.int("language_id"): row for row in rows}
        order = [*self.languages, *sorted(set(said) - set(self.languages))]
        return next((found for id in order if id in said and (found := read(said[id].text(column)))), "")


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def minor(amount: Decimal, rate: Decimal, currency: str) -> int:
    """An amount of the shop's currency in minor units of another: exact, rounded half away from zero once, as PHP does.

    ValueError where it is more than 2^53−1.
    """
    found = int(
        edits.EXACT.quantize(edits.EXACT.multiply(amount, rate).scaleb(exponent(currency), edits.EXACT), Decimal(1))
    )
    if abs(found) > LARGEST:
        raise ValueError(f"{amount} is more than can be kept")
    return found


def major(amount: int, rate: Decimal, currency: str) -> Decimal:
    """The way back from `minor`, unrounded."""
    return edits.EXACT.divide(Decimal(amount).scaleb(-exponent(currency)), rate)


def alike(name: str) -> str:
    return " ".join(name.casefold().split())


def numbered(name: str, id: int, longest: int) -> str:
    """A name that is told from the same name by its number."""
    tail = f" ({id})"
    return f"{name[: longest - len(tail)].rstrip()}{tail}"


class Shops:
    """The shop as it is now: made anew only when a reference table or a setting is another than before."""

    def __init__(self) -> None:
        self._mark: object = None
        self._shop: Shop | None = None

    def of(self, stock: Stock) -> Shop:
        mark = (id(stock.settings), *((name, id(rows), len(rows)) for name, rows in stock.reference.items()))
        if self._shop is None or mark != self._mark:
            self._mark, self._shop = mark, Shop(dict(stock.reference), stock.settings)
        return self._shop


def grouped(rows: Sequence[Row], column: str) -> dict[int, list[Row]]:
    """Rows by a whole-number column."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.int(column)].append(row)
    return found
