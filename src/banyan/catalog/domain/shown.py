"""How products, the category tree and brands are shown to whoever reads them: plain values, ready to be JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

SHORT = 200
"""Characters of a description in a list."""


def address(path: str) -> str:
    """Where a picture is: below /media, or at the absolute address it was given with."""
    return path if path.startswith(("https://", "http://")) else f"/media/{path}"


def money(amount: int | None, currency: str) -> dict[str, Any] | None:
    return None if amount is None else {"amount": amount, "currency": currency}


def card(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A product in a list. `price` is its lowest in the currency, null where it has none."""
    variants = [_variant(each, currency) for each in row["variants"]]
    return {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "brand": row["brand"],
        "description": shortened(row["description"]),
        "price": money(_lowest(row["variants"], currency), currency),
        "image": address(row["image"]) if row["image"] else None,
        "category": row["category"],
        "status": row["status"],
        "published": row["status"] == "published",
        "variants": variants,
    }


def product(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A product with all there is to know."""
    images = [{"id": each["id"], "url": address(each["path"]), "alt": each["alt"]} for each in row["images"]]
    variants = [
        _variant(each, currency)
        | {
            "weight_g": each["weight_g"],
            "prices": [money(amount, code) for code, amount in sorted(each["prices"].items())],
        }
        for each in row["variants"]
    ]
    return {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "brand": row["brand"],
        "description": row["description"],
        "price": money(_lowest(row["variants"], currency), currency),
        "image": images[0]["url"] if images else None,
        "images": images,
        "categories": row["categories"],
        "attributes": row["facts"],
        "tax_class": row["tax_class"],
        "popularity": row["popularity"],
        "status": row["status"],
        "published": row["status"] == "published",
        "variants": variants,
        "created_at": _when(row["created_at"]),
        "updated_at": _when(row["updated_at"]),
    }


def tree(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Categories as a tree. `count` is of published products here and below; siblings by position, then name."""
    nodes, parents = _nodes(rows)
    return [nodes[node] for node, parent in parents.items() if parent is None]


def category(rows: Iterable[Mapping[str, Any]], category_id: str) -> dict[str, Any]:
    """One of them, with the way down to it from its root. KeyError when it is not among them."""
    nodes, parents = _nodes(rows)
    trail, step = [], parents[category_id]
    while step is not None:
        trail.append({name: nodes[step][name] for name in ("id", "name", "slug")})
        step = parents[step]
    return nodes[category_id] | {"parent_id": parents[category_id], "trail": trail[::-1]}


def shortened(text: str, longest: int = SHORT) -> str:
    """The beginning of a text, cut between words."""
    if len(text) <= longest:
        return text
    return (text[:longest].rpartition(" ")[0] or text[:longest]).rstrip(" ,;:.-") + "…"


def _variant(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "sku": row["sku"],
        "price": money(row["prices"].get(currency), currency),
        "options": row["options"],
        "available": row["available"],
    }


def _lowest(variants: Iterable[Mapping[str, Any]], currency: str) -> int | None:
    return min((each["prices"][currency] for each in variants if currency in each["prices"]), default=None)


def _nodes(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, dict[str, Any]], dict[str, str | None]]:
    """Every category with its children in it, and the parent of each."""
    nodes: dict[str, dict[str, Any]] = {}
    parents: dict[str, str | None] = {}
    deep: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row["position"], row["name_key"])):
        nodes[row["id"]] = {name: row[name] for name in ("id", "name", "slug", "position", "count")} | {"children": []}
        parents[row["id"]], deep[row["id"]] = row["parent_id"], len(row["path"])
    for node in sorted(nodes, key=lambda node: -deep[node]):  # the deepest first: counts add up on the way
        if (parent := parents[node]) is not None:
            nodes[parent]["count"] += nodes[node]["count"]
    for node, parent in parents.items():
        if parent is not None:
            nodes[parent]["children"].append(nodes[node])
    return nodes, parents


def _when(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")
