"""Which table belongs to which group of services, and which relations between tables cross from one group to another."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from banyan.move.assess.found import Found, Knowledge, Survey

STAYS = "stays behind"
REFERENCE = "reference"
# Guesses for a shop that nobody knows: the first word that a table's name has, last word of the name first.
GUESSES: Mapping[str, str] = {
    word: group
    for group, words in {
        "users": "customer customers user users account accounts address addresses member members login newsletter "
        "subscriber profile wishlist whos guest token",
        "orders": "order orders cart basket checkout invoice return returns shipment shipping delivery coupon coupons voucher "
        "sale sales session sessions subscription quote rma",
        "payments": "payment payments transaction transactions refund refunds charge payout credit",
        "catalog": "product products category categories manufacturer manufacturers brand brands attribute attributes option "
        "options image images review reviews tag tags filter feature supplier suppliers special specials catalog item items "
        "variant variants seo url download",
        "inventory": "stock inventory warehouse warehouses quantity",
        REFERENCE: "country countries zone zones state language languages lang currency currencies tax geo setting settings "
        "configuration config weight length unit status store shop",
    }.items()
    for word in words.split()
}
_SPLIT = re.compile(r"[_\W]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Relation:
    """`child.column` names a row of `parent`. `declared`: by a foreign key; else guessed from the column's name."""

    child: str
    column: str
    parent: str
    parent_column: str
    declared: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """Relations from the tables of one group into those of another."""

    reader: str
    owner: str
    relations: tuple[Relation, ...]


def groups_of(seen: Survey, adapter: Knowledge | None) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Each table's group; and tables whose columns are owned by several groups, with these.

    Small tables that everybody reads are REFERENCE: they are copied to all, so reading them crosses no boundary.
    """
    if adapter is not None:
        belongs, shared = {}, {}
        for name in seen.tables:
            use = seen.uses.get(name)
            belongs[name] = STAYS if use is None else REFERENCE if use.reference else use.group
            owners = dict.fromkeys((use.group, *(view.group for view in use.views))) if use else {}
            if len(owners) > 1:
                shared[name] = tuple(owners)
        return belongs, shared
    prefix = common_prefix(seen.tables)
    return {name: guess(name.removeprefix(prefix)) or STAYS for name in seen.tables}, {}


def guess(name: str) -> str:
    """A group by the name's words; '' where none is known. `order_status` is about orders, `customer_group` about users."""
    words = [word.lower() for word in _SPLIT.split(name) if word]
    if words[-1:] in (["status"], ["statuses"]) or (words and GUESSES.get(words[0]) == REFERENCE):
        return REFERENCE
    return next((GUESSES[word] for word in words if word in GUESSES), "")


def common_prefix(names: Iterable[str]) -> str:
    """`oc_`, where all tables begin with the same word."""
    firsts = {name.split("_", 1)[0] + "_" if "_" in name else "" for name in names}
    return firsts.pop() if len(firsts) == 1 else ""


def relations(seen: Survey) -> tuple[Relation, ...]:
    """Declared foreign keys, and those that columns named `<table>_id`, `id_<table>` or like another's key stand for."""
    found = {
        (key.table, column): Relation(key.table, column, key.to, to, True)
        for key in seen.foreign_keys
        for column, to in zip(key.columns, key.to_columns, strict=True)
    }
    owners = _owners(seen)
    for table in seen.tables.values():
        for column in table.columns:
            if (table.name, column.name) in found or table.key == (column.name,):
                continue
            parent = _parent(column.name.lower(), owners)
            if parent and parent[0] != table.name and parent[0] in seen.tables:
                found[table.name, column.name] = Relation(table.name, column.name, *parent, False)
    return tuple(found.values())


def _owners(seen: Survey) -> dict[str, tuple[str, str]]:
    """Column name → the table and column it means: `customer_id`, `id_customer`, `customers_id` → customer's key."""
    prefix = common_prefix(seen.tables)
    owners: dict[str, tuple[str, str]] = {}
    ordered = sorted(seen.tables.values(), key=lambda each: (len(each.key) != 1, len(each.name)))
    for table in ordered:
        stem = table.name.removeprefix(prefix).lower()
        single = _singular(stem)
        for key in table.key:
            lower = key.lower()
            named = {f"{stem}_id", f"{single}_id", f"id_{stem}", f"id_{single}", f"{stem}id", f"{single}id"}
            if lower == "id" and len(table.key) == 1:
                for name in named:
                    owners.setdefault(name, (table.name, key))
            elif lower in named or (len(table.key) == 1 and (lower.endswith("_id") or lower.startswith("id_"))):
                owners.setdefault(lower, (table.name, key))
    return owners


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _parent(column: str, owners: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """`payment_country_id` is a country's, as nothing is called payment_country."""
    if not (column.endswith("id") or column.startswith("id_")):
        return None
    words = column.split("_")
    for first in range(len(words) - 1):
        name = "_".join(words[first:])
        if name in owners:
            return owners[name]
    return owners.get(column)


def crossings(found: Iterable[Relation], belongs: Mapping[str, str]) -> tuple[Crossing, ...]:
    """Relations by the pair of groups they join, most first. Reading reference tables crosses nothing."""
    pairs: dict[tuple[str, str], list[Relation]] = {}
    for relation in found:
        reader, owner = belongs.get(relation.child, STAYS), belongs.get(relation.parent, STAYS)
        if reader != owner and REFERENCE not in (reader, owner) and owner != STAYS:
            pairs.setdefault((reader, owner), []).append(relation)
    every = (Crossing(reader, owner, tuple(each)) for (reader, owner), each in pairs.items())
    return tuple(sorted(every, key=lambda each: (each.reader == STAYS, -len(each.relations), each.reader, each.owner)))


def members(belongs: Mapping[str, str], seen: Survey) -> dict[str, list[Found]]:
    """The tables of each group, largest first."""
    found: dict[str, list[Found]] = {}
    for name, group in belongs.items():
        found.setdefault(group, []).append(seen.tables[name])
    return {group: sorted(tables, key=lambda t: (-t.bytes, t.name)) for group, tables in found.items()}
