"""The adapter that a mapping file makes: the same lens as any other, driven by what the file says."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from banyan.contracts.legacy import Record
from banyan.kernel.money import Money
from banyan.move.legacy import NewRows, Page, Ref, Refused, Rows, Stock, Unwritable, Use, View
from banyan.move.legacy.mapping import lens
from banyan.move.legacy.mapping.file import Child, Field, Kind, Mapped
from banyan.move.legacy.opencart import times
from banyan.move.legacy.opencart.edits import Edit, gone, kept, put
from banyan.move.rows import Row, Table, Unreadable

_RECORD: TypeAdapter[Record] = TypeAdapter(Record)
_LIST = {"customer": "addresses", "product": "variants", "order": "lines"}
_CHILD_KIND = {"addresses": "address", "variants": "variant", "lines": "line"}


class MappedShop:
    """See `Adapter` for what the parts promise; docs/moving/mapping.md for what a file can say."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self.name = mapped.shop
        self.groups = mapped.groups
        self.pages: tuple[Page, ...] = ()
        self.ignored = frozenset(mapped.ignored)
        self.uses: Mapping[str, Use] = _uses(mapped)
        self.keyed: Mapping[str, str] = {
            **{kind.kind: kind.table for kind in mapped.kinds.values() if kind.kind != "stock"},
            **{
                _CHILD_KIND[name]: child.table
                for kind in mapped.kinds.values()
                for name, child in kind.children.items()
            },
        }

    def prefix(self, tables: Iterable[str]) -> str:
        return self._mapped.prefix

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        return self._mapped.currency

    def wrong(self, tables: Mapping[str, Table]) -> list[str]:
        """What of the file does not fit a shop's tables (by name without prefix), for people."""
        found = []
        for kind in self._mapped.kinds.values():
            found += _missing(kind.kind, kind.table, (kind.key,), kind.fields, kind.line, tables)
            for name, child in kind.children.items():
                path = f"{kind.kind}.{name}"
                found += _missing(path, child.table, (child.of, child.key), child.fields, child.line, tables)
        return found

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:
        kind = self._mapped.kinds[ref.kind]
        try:
            main = next(iter(rows.get(kind.table) or ()), None)
            if main is None:
                return self._gone(ref, stock, version)
            return (_RECORD.validate_python(self._read(kind, ref, main, rows, stock, version)),)
        except Unreadable as why:
            return Refused(ref, str(why))
        except ValidationError as why:
            said = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in why.errors()[:3])
            return Refused(ref, "; ".join(said))

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        kind = self._mapped.kinds[ref.kind]
        known = self.record(ref, rows, stock, record.version)
        if isinstance(known, Refused):
            raise Unwritable(f"{ref.kind} {ref.key} was never taken over: {known.why}")
        main = next(iter(rows.get(kind.table) or ()), None)
        before = known[0] if main is not None and known else None
        if before == record:
            return kept(rows)
        if getattr(record, "removed", False):
            return gone(rows)
        out = kept(rows)
        edit = Edit(main) if main is not None else _fresh(stock.tables[kind.table], {kind.key: ref.key})
        self._write(kind.fields, _flat(record), None if before is None else _flat(before), edit, stock)
        put(out, kind.table, [edit])
        for name, child in kind.children.items():
            self._write_children(child, name, ref, record, before, rows, out, stock)
        return out

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        if record.kind not in self._mapped.kinds:
            return None
        if record.kind == "stock":
            key = stock.names.holder("sku", record.id)
            return Ref("stock", key) if key else None
        return Ref(record.kind, stock.key(record.kind, record.id))

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        written = self.rows(ref, record, rows, stock)
        after = {name: tuple(Row(stock.tables[name], values) for values in found) for name, found in written.items()}
        read = self.record(ref, after, stock, record.version)
        if isinstance(read, Refused):
            return (f"{record.kind}: {read.why}",)
        if getattr(record, "removed", False):
            return ()
        given, found = record.model_dump(), read[0].model_dump() if read else {}
        mapped = {each.target.partition(".")[0] for each in self._mapped.kinds[ref.kind].fields}
        return tuple(
            f"{name}: the legacy shop " + ("has another" if name in mapped else "has no place for it")
            for name, value in given.items()
            if found.get(name) != value
        )

    def _read(self, kind: Kind, ref: Ref, main: Row, rows: Rows, stock: Stock, version: int) -> dict[str, Any]:
        currency = self._currency(kind, main, stock)
        flat = {each.target: lens.get(each, main, stock, currency) for each in kind.fields}
        made: dict[str, Any] = {**_nested(flat), "kind": kind.kind, "version": version}
        if kind.kind == "stock":
            made["id"] = stock.names.claim("sku", ref.key, [made.pop("sku"), f"{kind.table}-{ref.key}"])
        else:
            made["id"] = stock.id(kind.kind, ref.key)
        for name, child in kind.children.items():
            made[name] = self._read_children(child, name, rows, stock, currency)
        if kind.kind in _COMPLETE:
            _COMPLETE[kind.kind](made, ref, currency)
        return {name: value for name, value in made.items() if value is not None}

    def _currency(self, kind: Kind, main: Row, stock: Stock) -> str:
        named = next((each for each in kind.fields if each.target == "currency"), None)
        code = str(lens.get(named, main, stock, "")).strip().upper() if named else ""
        if code and (len(code) != 3 or not code.isascii() or not code.isalpha()):
            raise Unreadable(f"{main.table.name}: {code[:20]!r} is no currency")
        return code or self._mapped.currency

    def _read_children(self, child: Child, name: str, rows: Rows, stock: Stock, currency: str) -> list[dict[str, Any]]:
        found = []
        for row in rows.get(child.table) or ():
            flat = {each.target: self._child_value(each, row, stock, currency) for each in child.fields}
            part = _nested(flat)
            part["id" if name != "lines" else "line_id"] = stock.id(_CHILD_KIND[name], row.text(child.key))
            found.append(_SHAPE[name](part, currency))
        return found

    def _child_value(self, each: Field, row: Row, stock: Stock, currency: str) -> Any:
        priced = each.target.startswith("prices.")
        return lens.get(each, row, stock, each.target.partition(".")[2] if priced else currency)

    def _gone(self, ref: Ref, stock: Stock, version: int) -> tuple[Record, ...]:
        if ref.kind == "stock":
            held = stock.names.held("sku", ref.key)
            given: dict[str, Any] = {"kind": "stock", "id": held, "on_hand": 0, "removed": True}
            return (_RECORD.validate_python({**given, "version": version}),) if held else ()
        blank = {"kind": ref.kind, "id": stock.id(ref.kind, ref.key), "version": version}
        return (_RECORD.validate_python({**blank, **_BLANK[ref.kind](self._mapped.currency)}),)

    def _write(
        self,
        fields: Sequence[Field],
        after: Mapping[str, Any],
        before: Mapping[str, Any] | None,
        edit: Edit,
        stock: Stock,
    ) -> None:
        for each in fields:
            if each.target in ("sku", "currency") and before is not None:
                continue
            value = after.get(each.target)
            if before is None or value != before.get(each.target):
                lens.put(each, value, edit, stock)

    def _write_children(
        self,
        child: Child,
        name: str,
        ref: Ref,
        record: Record,
        before: Record | None,
        rows: Rows,
        out: dict[str, Any],
        stock: Stock,
    ) -> None:
        if child.table == self._mapped.kinds[ref.kind].table:  # the row itself is the only one
            return self._write_own(child, name, record, before, out, stock)
        old = {row.text(child.key): row for row in rows.get(child.table) or ()}
        was = {_child_id(each): each for each in getattr(before, name, ())} if before else {}
        edits = []
        for each in getattr(record, name):
            key = stock.key(_CHILD_KIND[name], _child_id(each))
            row = old.get(key)
            edit = (
                Edit(row) if row is not None else _fresh(stock.tables[child.table], {child.key: key, child.of: ref.key})
            )
            known = was.get(_child_id(each))
            self._write(
                child.fields, _flat(each), _flat(known) if known is not None and row is not None else None, edit, stock
            )
            edits.append(edit)
        if edits or old:
            put(out, child.table, edits)

    def _write_own(
        self, child: Child, name: str, record: Record, before: Record | None, out: dict[str, Any], stock: Stock
    ) -> None:
        every = getattr(record, name)
        if len(every) != 1:
            raise Unwritable(f"the legacy shop keeps one of {name}, not {len(every)}")
        known = next(iter(getattr(before, name, ())), None) if before else None
        edit = Edit(Row(stock.tables[child.table], out[child.table][0]))
        self._write(child.fields, _flat(every[0]), None if known is None else _flat(known), edit, stock)
        put(out, child.table, [edit])


def _uses(mapped: Mapped) -> dict[str, Use]:
    """The tables with the kinds that each is part of."""
    views: dict[str, list[View]] = defaultdict(list)
    owner: dict[str, str] = {}
    named = [(kind, kind.table, kind.key, kind.fields, kind.key) for kind in mapped.kinds.values()]
    named += [
        (kind, child.table, child.of, child.fields, child.key)
        for kind in mapped.kinds.values()
        for child in kind.children.values()
    ]
    for kind, table, of, fields, key in named:
        columns = frozenset({of, key, *(column for each in fields for column in each.columns)})
        known = next((at for at, view in enumerate(views[table]) if view.kind == kind.kind), None)
        if known is None:
            views[table].append(View(kind.kind, kind.group, of, columns))
        else:
            first = views[table][known]
            views[table][known] = View(first.kind, first.group, first.key, first.columns | columns)
        owner.setdefault(table, kind.group)
    return {table: Use(table, owner[table], tuple(each)) for table, each in views.items()}


def _missing(
    what: str, table: str, keys: Iterable[str], fields: Iterable[Field], line: int, tables: Mapping[str, Table]
) -> list[str]:
    found = tables.get(table)
    if found is None:
        return [f"{line}: {what}: the shop has no table {table}"]
    said = [f"{line}: {what}: {table} has no column {key}" for key in keys if key and key not in found.place]
    return said + [
        f"{each.line}: {what}.{each.target}: {table} has no column {column}"
        for each in fields
        for column in each.columns
        if column not in found.place
    ]


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`address.city` → {"address": {"city": …}}."""
    made: dict[str, Any] = {}
    for name, value in flat.items():
        first, _, rest = name.partition(".")
        if rest:
            made.setdefault(first, {})[rest] = value
        else:
            made[name] = value
    return made


def _flat(record: Any) -> dict[str, Any]:
    """The other way round; a variant's prices by currency, an address's fields beside its own."""
    made: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if name == "prices":
            made |= {f"prices.{each.currency}": each for each in value}
        elif name in ("options", "attributes"):
            made |= {f"{name}.{key}": each for key, each in value.items()}
        elif name == "address":
            own = "" if "is_default" in type(record).model_fields else "address."
            made |= {f"{own}{key}": getattr(value, key) for key in type(value).model_fields}
        else:
            made[name] = value
    if type(record).__name__ == "StockRecord":
        made["sku"] = record.id
    return made


def _child_id(each: Any) -> str:
    return str(each.line_id if hasattr(each, "line_id") else each.id)


def _fresh(table: Table, keys: Mapping[str, str]) -> Edit:
    edit = Edit.fresh(table)
    for column, value in keys.items():
        edit.plain(column, value)
    return edit


def _address(part: dict[str, Any], _: str) -> dict[str, Any]:
    own: dict[str, Any] = {name: part[name] for name in ("id", "is_default") if name in part}
    return {**own, "address": _place({name: value for name, value in part.items() if name not in own})}


def _variant(part: dict[str, Any], _: str) -> dict[str, Any]:
    return {**part, "prices": [each for each in part.get("prices", {}).values() if each.amount > 0]}


def _line(part: dict[str, Any], currency: str) -> dict[str, Any]:
    total = part.get("total") or part["unit_price"] * part["quantity"]
    return {"sku": "", "product_id": None, "tax": Money(0, currency), **part, "total": total}


def _place(part: Mapping[str, Any]) -> dict[str, Any]:
    country = str(part.get("country") or "").strip().upper()
    known = len(country) == 2 and country.isascii() and country.isalpha()
    blank = {"name": "", "line1": "", "city": "", "postal_code": ""}
    return {**blank, **part, "country": country if known else "ZZ"}


def _customer(made: dict[str, Any], _: Ref, __: str) -> None:
    made.setdefault("name", "")
    made.setdefault("created_at", times.NEVER)
    if not made.get("password_hash"):
        made["password_hash"] = made["password_scheme"] = None


def _product(made: dict[str, Any], _: Ref, __: str) -> None:
    made.setdefault("created_at", times.NEVER)
    made["attributes"] = {name: value for name, value in made.get("attributes", {}).items() if value}


def _order(made: dict[str, Any], ref: Ref, currency: str) -> None:
    """Totals that are not mapped follow from those that are; what does not add up is `adjustment`."""
    made.pop("currency", None)
    nothing = Money(0, currency)
    lines = made.setdefault("lines", [])
    if "subtotal" not in made:
        made["subtotal"] = sum((line["total"] for line in lines), nothing)
    for name in ("discount", "shipping", "tax"):
        made.setdefault(name, nothing)
    due = made["subtotal"] - made["discount"] + made["shipping"] + made["tax"]
    made["adjustment"] = made["total"] - due
    made["address"] = _place(made.get("address", {}))
    made.setdefault("number", ref.key)
    made.setdefault("user_id", None)
    made.setdefault("shipping_option", "legacy")
    made.setdefault("legacy_status", made["status"])
    made.setdefault("paid", made["status"] in ("confirmed", "fulfilled"))


_SHAPE: Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "addresses": _address,
    "variants": _variant,
    "lines": _line,
}
_COMPLETE: Mapping[str, Callable[[dict[str, Any], Ref, str], None]] = {
    "customer": _customer,
    "product": _product,
    "order": _order,
}


def _blank_order(currency: str) -> dict[str, Any]:
    nothing = Money(0, currency)
    sums = dict.fromkeys(("subtotal", "discount", "shipping", "tax", "adjustment", "total"), nothing)
    words = {"number": "gone", "user_id": None, "email": "", "shipping_option": "legacy", "legacy_status": "gone"}
    state = {"status": "cancelled", "paid": False, "placed_at": times.NEVER, "removed": True}
    return {**sums, **words, **state, "lines": (), "address": _place({})}


_BLANK: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "brand": lambda _: {"name": "gone", "removed": True},
    "category": lambda _: {"name": "gone", "removed": True},
    "product": lambda _: {"name": "gone", "created_at": times.NEVER, "removed": True},
    "customer": lambda _: {"email": "", "name": "", "closed": True, "created_at": times.NEVER},
    "order": _blank_order,
}
