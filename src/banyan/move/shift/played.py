"""Which fields two sides made differently of the same write, and how they differ, without saying what is in them. Pure."""

import html
from collections.abc import Iterator, Sequence
from typing import Any

from banyan.contracts.legacy import CartRecord, Customer, CustomerAddress

Aggregate = Customer | CartRecord
Fields = dict[str, Any]
"""Field → what it holds. A field of an address or a line has its number or SKU in the name, after `#`."""


def fields(record: Aggregate | None, before: Aggregate | None) -> Fields:
    """What a record holds, by field; nothing where there is none. New addresses are told by their order: `address#+1`."""
    if record is None:
        return {}
    if isinstance(record, CartRecord):
        return {f"line#{line.sku}": line.quantity for line in record.lines}
    found: Fields = {name: getattr(record, name) for name in ("name", "phone", "email", "newsletter", "closed")}
    known = {each.id for each in before.addresses} if isinstance(before, Customer) else set[str]()
    for place, address in _named(record.addresses, known):
        found[f"address#{place}"] = True
        for name, value in address.address.model_dump().items():
            found[f"address.{name}#{place}"] = value
        found[f"address.is_default#{place}"] = address.is_default
    return found


def _named(addresses: Sequence[CustomerAddress], known: set[str]) -> Iterator[tuple[str, CustomerAddress]]:
    new = 0
    for each in addresses:
        new += each.id not in known
        yield (each.id if each.id in known else f"+{new}"), each


def differing(before: Fields, ours: Fields, legacy: Fields) -> dict[str, str]:
    """Field (without whose) → how it differs, of those that a side changed and that the two hold differently."""
    found: dict[str, str] = {}
    for name in sorted(ours.keys() | legacy.keys()):
        if ours.get(name) == legacy.get(name):
            continue
        whole, _, whose = name.partition("#")
        part_of = f"{whole.partition('.')[0]}#{whose}"
        if "." in whole and (part_of in ours) != (part_of in legacy):
            continue  # said once, of the whole address
        found.setdefault(whole, how(before.get(name), ours.get(name), legacy.get(name)))
    return found


def how(before: Any, ours: Any, legacy: Any) -> str:
    """In words, without a value of theirs; numbers are told."""
    if legacy is None:
        return "ours has it, the legacy shop does not"
    if ours is None:
        return "the legacy shop has it, ours does not"
    if ours == before:
        return "the legacy shop changed it, ours leaves it as it is"
    if legacy == before:
        return "ours changes it, the legacy shop left it as it was"
    if isinstance(ours, bool) or not isinstance(ours, str | int):
        return "they differ"
    if isinstance(ours, int):
        return f"ours is {ours}, the legacy shop's {legacy}"
    return _texts(ours, str(legacy))


def _texts(ours: str, legacy: str) -> str:
    if ours.startswith(legacy):
        return f"the legacy shop kept {len(legacy)} of our {len(ours)} characters"
    if legacy.startswith(ours):
        return f"ours keeps {len(ours)} of the legacy shop's {len(legacy)} characters"
    if html.unescape(legacy) == ours:
        return "the legacy shop escaped it"
    if "".join(ours.split()) == "".join(legacy.split()):
        return "they differ in white space"
    if ours.casefold() == legacy.casefold():
        return "they differ in upper and lower case"
    same = next((place for place, (a, b) in enumerate(zip(ours, legacy, strict=False)) if a != b), 0)
    if same and len(ours) > len(legacy):
        return f"the same for {same} characters; the legacy shop kept {len(legacy)}, ours {len(ours)}"
    return f"other text: ours has {len(ours)} characters, the legacy shop's {len(legacy)}"
