"""Objects as they go out: with what was asked to be expanded, in pages, found by a search."""

import re
from typing import Any

from banyan.simulators.stripe.book import ApiError, Book, Obj

DEEPEST = 4
_KINDS = {
    "latest_charge": "charge",
    "charge": "charge",
    "payment_method": "payment_method",
    "customer": "customer",
    "payment_intent": "payment_intent",
    "balance_transaction": "balance_transaction",
    "failure_balance_transaction": "balance_transaction",
}
_SOURCES = ("charge", "refund", "dispute", "payout")
_TERM = re.compile(r"(?:metadata\[[\"']([^\"']+)[\"']\]|status|customer|currency)\s*:\s*[\"']([^\"']*)[\"']")


def shown(book: Book, told: Obj, paths: object) -> Obj:
    """With these paths expanded. ApiError for what cannot be."""
    for path in paths if isinstance(paths, list) else []:
        parts = str(path).split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise ApiError(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        told = _expanded(book, told, parts, str(path))
    return told


def _expanded(book: Book, told: Obj, parts: list[str], path: str) -> Obj:
    name, *rest = parts
    if name == "data" and isinstance(told.get("data"), list):
        return told | {"data": [_expanded(book, each, rest, path) for each in told["data"]]}
    if name == "refunds" and told["object"] == "charge":
        url = f"/v1/charges/{told['id']}/refunds"
        known = told.get("refunds") or page(book.refunds_of(told["id"]), {}, url)
        return told | {"refunds": _expanded(book, known, rest, path) if rest else known}
    if name == "source" and told["object"] == "balance_transaction":
        return told | {"source": _source(book, told["source"])}
    if name not in _KINDS or name not in told:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    inner = told[name]
    if inner is None:
        return told
    whole = book.find(_KINDS[name], inner) if isinstance(inner, str) else inner
    return told | {name: _expanded(book, whole, rest, path) if rest else whole}


def _source(book: Book, name: str) -> Obj:
    """Whatever a balance transaction is of."""
    return next(found[name] for kind in _SOURCES if name in (found := book.of(kind)))


def page(found: list[Obj], asked: Obj, url: str) -> Obj:
    """A list object of what was found, newest first. ApiError for a limit that is none."""
    limit = str(asked.get("limit", 10))
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise ApiError(f"Invalid limit: {limit}", code="parameter_invalid_integer", param="limit")
    names = [each["id"] for each in found]
    for name in ("starting_after", "ending_before"):
        if name in asked and asked[name] not in names:
            raise ApiError(f"No such object: '{asked[name]}'", code="resource_missing", param=name)
    if "starting_after" in asked:
        found = found[names.index(asked["starting_after"]) + 1 :]
    if "ending_before" in asked:
        found = found[: names.index(asked["ending_before"])]
        return {"object": "list", "data": found[-int(limit) :], "has_more": len(found) > int(limit), "url": url}
    return {"object": "list", "data": found[: int(limit)], "has_more": len(found) > int(limit), "url": url}


def listed(book: Book, kind: str, asked: Obj, url: str, filters: tuple[str, ...]) -> Obj:
    found = list(reversed(book.of(kind).values()))
    for name in filters:
        if name in asked and name not in ("created", "payout"):
            found = [each for each in found if each.get(name) == asked[name]]
    if "payout" in asked:
        mine = asked["payout"]
        found = [each for each in found if book.paid.get(each["id"]) == mine or each["source"] == mine]
    if "created" in asked:
        found = [each for each in found if _within(each["created"], asked["created"])]
    return page(found, asked, url)


def _within(moment: int, bounds: Any) -> bool:
    try:
        if not isinstance(bounds, dict):
            return moment == int(bounds)
        tests = {"gte": moment.__ge__, "gt": moment.__gt__, "lte": moment.__le__, "lt": moment.__lt__}
        return all(tests[name](int(value)) for name, value in bounds.items())
    except (KeyError, ValueError):
        raise ApiError("Invalid created", param="created") from None


def searched(book: Book, kind: str, asked: Obj, url: str, lag: float) -> Obj:
    """By metadata, status, customer and currency, joined with AND; what was made in the last `lag` seconds is not seen."""
    terms = []
    for part in str(asked.get("query", "")).split(" AND "):
        term = _TERM.fullmatch(part.strip())
        if term is None:
            raise ApiError("We were unable to parse your search query.", param="query")
        terms.append((term[1], part.partition(":")[0].strip(), term[2]))
    found = [
        each
        for each in reversed(book.of(kind).values())
        if each["created"] + lag <= book.now()
        and all((each["metadata"].get(key) if key else each.get(name)) == value for key, name, value in terms)
    ]
    told = page(found, {name: value for name, value in asked.items() if name == "limit"}, url)
    return told | {"object": "search_result", "next_page": None}
