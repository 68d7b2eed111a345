"""OpenCart as an adapter: finds the part that knows a kind, and sees to what is the same for every kind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from banyan.contracts.legacy import CartRecord, Customer, Record
from banyan.move.legacy import NewRows, Page, Ref, Refused, Rows, Stock, Unwritable, Use
from banyan.move.legacy.opencart import (
    brands,
    carts,
    categories,
    customers,
    losses,
    orders,
    orders_back,
    products,
    stock,
    tables,
)
from banyan.move.legacy.opencart.categories import Ring
from banyan.move.legacy.opencart.customers import Schemes
from banyan.move.legacy.opencart.edits import gone, kept
from banyan.move.legacy.opencart.shop import Shop, Shops
from banyan.move.legacy.opencart.variants import TooMany
from banyan.move.rows import Row, Unreadable

Kept = TypeVar("Kept")
_TABLE_OF = {
    "customer": "customer",
    "address": "address",
    "category": "category",
    "brand": "manufacturer",
    "product": "product",
    "option": "option",
    "option_value": "option_value",
    "product_option": "product_option",
    "product_option_value": "product_option_value",
    "order": "order",
}


class OpenCart:
    """One version of it. See `Adapter` for what the parts promise."""

    name: str
    uses: Mapping[str, Use]
    pages: tuple[Page, ...]
    schemes: Schemes
    groups: tuple[str, ...] = tables.GROUPS
    ignored: frozenset[str] = frozenset(tables.IGNORED)
    keyed: Mapping[str, str] = _TABLE_OF

    def __init__(self) -> None:
        self._shops = Shops()

    def prefix(self, names: Iterable[str]) -> str:
        """What stands before `order_history` and `setting` alike; '' where nothing does. ValueError for no OpenCart."""
        every = set(names)
        ends = "order_history"
        found = [name[: -len(ends)] for name in every if name.endswith(ends)]
        fits = [
            prefix
            for prefix in found
            if all(f"{prefix}{table}" in every for table in ("setting", "product", "customer"))
        ]
        if not fits:
            raise ValueError(
                "this database holds no OpenCart shop: no tables …order_history, …setting, …product, …customer"
            )
        return min(fits, key=len)

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        return Shop(reference, {}).currency

    def shop(self, stock: Stock) -> Shop:
        """The shop's settings and small tables as they are now."""
        return self._shops.of(stock)

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:
        try:
            return self._read(self.shop(stock).besides(rows), ref, rows, stock, version)
        except (Unreadable, TooMany, Ring) as why:
            return Refused(ref, str(why))
        except (ValueError, OverflowError, ArithmeticError) as why:
            return Refused(ref, f"a value in it cannot be read: {why}")

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        return self._rows(ref, record, rows, stock, self.record(ref, rows, stock, record.version))

    def _rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock, known: tuple[Record, ...] | Refused) -> NewRows:
        """`known`: what the rows are read as."""
        if isinstance(known, Refused):
            raise Unwritable(f"{ref.kind} {ref.key} was never taken over: {known.why}")
        before = next((each for each in known if each.id == record.id), None)
        if before == record:
            return kept(rows)
        if record.removed if not isinstance(record, Customer) else _erased(record):
            return kept(rows) if ref.kind == "stock" else gone(rows)
        begun = before is not None and bool(rows.get(_main(ref.kind)))
        return self._write(self.shop(stock).besides(rows), ref, record, before if begun else None, rows, stock)

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        if record.kind == "stock":
            key = stock.names.holder("sku", record.id)
            return Ref("stock", key.partition(":")[0]) if key else None
        if isinstance(record, CartRecord):
            return _cart(record, stock)
        return Ref(record.kind, stock.key(record.kind, record.id))

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        known = self.record(ref, rows, stock, record.version)
        if not isinstance(known, Refused) and record in known:
            return ()
        written = self._rows(ref, record, rows, stock, known)
        tables = {name: stock.tables[name] for name in written}
        after = {name: tuple(Row(tables[name], values) for values in found) for name, found in written.items()}
        read = self.record(ref, after, stock, record.version)
        if isinstance(read, Refused):
            return (f"{record.kind}: {read.why}",)
        # A customer has one cart there for good, and here one after the other.
        same = read if record.kind != "cart" else [each.model_copy(update={"id": record.id}) for each in read]
        found = next((each for each in same if each.id == record.id), None)
        if found is None:
            return () if getattr(record, "removed", False) else (f"{record.kind}: nothing of it can be read back",)
        return losses.lost(record, found, self.shop(stock).currency)

    def _read(self, shop: Shop, ref: Ref, rows: Rows, at: Stock, version: int) -> tuple[Record, ...]:
        match ref.kind:
            case "customer":
                return customers.record(self.schemes, shop, ref, rows, at, version)
            case "order":
                return orders.record(shop, ref, rows, at, version)
            case "product":
                return products.record(shop, ref, rows, at, version)
            case "stock":
                return stock.record(shop, ref, rows, at, version)
            case "category":
                return categories.record(shop, ref, rows, at, version)
            case "brand":
                return brands.record(shop, ref, rows, at, version)
            case "cart":
                return carts.record(shop, ref, rows, at, version)
        raise ValueError(f"there is no kind {ref.kind}")

    def _write(self, shop: Shop, ref: Ref, record: Record, before: Record | None, rows: Rows, at: Stock) -> NewRows:
        match record.kind:
            case "customer":
                return customers.rows(self.schemes, shop, ref, record, _same(record, before), rows, at)
            case "order":
                return orders_back.rows(shop, ref, record, _same(record, before), rows, at)
            case "product":
                return products.rows(shop, ref, record, _same(record, before), rows, at)
            case "stock":
                return stock.rows(shop, ref, record, _same(record, before), rows, at)
            case "category":
                return categories.rows(shop, ref, record, _same(record, before), rows, at)
            case "brand":
                return brands.rows(shop, ref, record, _same(record, before), rows, at)
            case "cart":
                return carts.rows(shop, ref, record, _same(record, before), rows, at)


def _same(record: Kept, before: Record | None) -> Kept | None:
    """The earlier one, which is of the record's own kind."""
    return cast("Kept | None", before)


def _main(kind: str) -> str:
    return {"brand": "manufacturer", "stock": "product"}.get(kind, kind)


def _erased(record: Customer) -> bool:
    """A customer of whom we keep nothing any more."""
    return record.closed and not record.email


def _cart(record: CartRecord, stock: Stock) -> Ref | None:
    """A customer's cart there is one for good, whichever of ours it is; a guest's needs the session it began with."""
    if record.user_id:
        key = f"c{stock.key('customer', record.user_id)}"
        if key == "c0":  # not known yet: it will be asked for again
            return Ref("cart", key)
        if record.lines:
            stock.names.claim("cart", key, [record.id])
        elif stock.names.held("cart", key) not in ("", record.id):  # it was ordered, and another one begun since
            return None
        return Ref("cart", key)
    key = stock.names.holder("cart", record.id)
    return Ref("cart", key) if key else None
