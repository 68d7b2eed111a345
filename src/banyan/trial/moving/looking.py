"""At the end: every promise is looked for on both sides, for the way back has to have written it there, too."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import aiohttp

from banyan.move.demo.shoppers import Bought, Ledger, Promise
from banyan.trial.moving.books import Books
from banyan.trial.moving.evidence import Evidence
from banyan.trial.moving.stage import Stage

_LOOKS, _PAUSE = (
    20,
    1.0,
)  # what was acknowledged a moment ago may still be on its way to the other side: looks, and seconds


async def look_for_everything(
    on: Stage, http: aiohttp.ClientSession, before: Books, ledger: Ledger, evidence: Evidence
) -> None:
    """Fill `evidence`. `before`: the legacy shop's books before anybody shopped."""
    evidence.writes, evidence.reads = len(ledger.writes), len(ledger.reads)
    evidence.wrong, evidence.begun_again = list(ledger.wrong), ledger.begun_again
    evidence.promises, evidence.bought = len(ledger.promises), len(ledger.bought)
    orders = (*ledger.bought, *ledger.unsure_orders)
    promised = {each.customer for each in ledger.promises} | {each.customer for each in orders}
    there = here = before
    for _ in range(_LOOKS):
        there = await asyncio.to_thread(Books.of, on.mariadb, before.older)
        if _all_there(ledger, before, there):
            break
        await on.clock.sleep(_PAUSE)
    for _ in range(_LOOKS):
        here = await Books.of_ours(http, on.shop.url, sorted(promised), before.older, before.skus)
        if _all_there(ledger, before, here):
            break
        await on.clock.sleep(_PAUSE)
    for side, books in {"the legacy shop": there, "our side": here}.items():
        evidence.lost += _accounts_lost(ledger, books)
        evidence.doubled += [each for each in ledger.promises if each.kind == "address" and books.lines[each.token] > 1]
        evidence.orders_lost += _orders_lost(ledger, books)
        evidence.orders_doubled += _doubled(ledger, books, side)
        evidence.orders_different += [*_different(ledger, books, side), *books.odd]
        evidence.stock_wrong += _stock(ledger, before, books, side)


def _all_there(ledger: Ledger, before: Books, books: Books) -> bool:
    return not (_accounts_lost(ledger, books) or _orders_lost(ledger, books) or _stock(ledger, before, books, ""))


def _accounts_lost(ledger: Ledger, books: Books) -> list[Promise]:
    edits = [each for each in ledger.promises if each.kind == "edit"]
    addresses = [each for each in ledger.promises if each.kind == "address" and not books.lines[each.token]]
    return addresses + _overwritten(edits, books.names)


def _overwritten(edits: Sequence[Promise], names: Mapping[int, str]) -> list[Promise]:
    """Edits that are gone though nothing came after them: the last of a customer's, or one of those at the same time."""
    lost = []
    newest: dict[int, Promise] = {}
    for each in edits:
        if each.customer not in newest or each.began > newest[each.customer].began:
            newest[each.customer] = each
    tokens = {each.token: each for each in edits}
    for customer, last in newest.items():
        kept = tokens.get(names.get(customer, ""))
        # What is kept may be older than the newest only if it had not ended when the newest was sent.
        if kept is None or kept.at < last.began:
            lost.append(last)
    return lost


def _orders_lost(ledger: Ledger, books: Books) -> list[Bought]:
    return [each for each in ledger.bought if each.number not in books.orders]


def _doubled(ledger: Ledger, books: Books, side: str) -> list[str]:
    """More orders than were acknowledged, whatever their numbers; one that nobody answered may be there."""
    told = [
        f"{side}: {len(totals)} orders have the number {each}" for each, totals in books.orders.items() if totals[1:]
    ]
    known, unsure = _by_customer(ledger.bought), _by_customer(ledger.unsure_orders)
    for customer, count in books.counted.items():
        if count > known[customer] + unsure[customer]:
            told.append(f"{side}: customer {customer} has {count} new orders, and was told of {known[customer]}")
    return told


def _different(ledger: Ledger, books: Books, side: str) -> list[str]:
    return [
        f"{side}: order {each.number} comes to {books.orders[each.number]}, and {each.total} was shown"
        for each in ledger.bought
        if each.number in books.orders and set(books.orders[each.number]) != {each.total}
    ]


def _stock(ledger: Ledger, before: Books, books: Books, side: str) -> list[str]:
    """Each acknowledged unit is gone once. Products of orders that nobody answered cannot be judged."""
    sold, unsure = _units(ledger.bought), _units(ledger.unsure_orders)
    return [
        f"{side}: of product {product} there should be {count - sold[product]} and are {books.stock.get(product)}"
        for product, count in before.stock.items()
        if not unsure[product] and books.stock.get(product) != count - sold[product]
    ]


def _by_customer(orders: Iterable[Bought]) -> Counter[int]:
    return Counter(each.customer for each in orders)


def _units(orders: Iterable[Bought]) -> Counter[int]:
    units: Counter[int] = Counter()
    for each in orders:
        units.update(each.units)
    return units
