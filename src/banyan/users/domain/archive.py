"""The page that opens an archive: what is in it, readable without a program."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{shop}: what we keep about you</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}}</style>
</head><body><h1>What {shop} keeps about you</h1>
<p>Made on {made}. Each file beside this page holds all of one part, in a form that programs read (JSON).</p>
<table><thead><tr><th>File</th><th>What it holds</th><th>Entries</th></tr></thead><tbody>{files}</tbody></table>
<h2>Account</h2><table><tbody>{account}</tbody></table>
<h2>Orders</h2><table><thead><tr><th>Number</th><th>Placed</th><th>Status</th><th>Goes to</th><th>Total</th></tr></thead>
<tbody>{orders}</tbody></table></body></html>
"""
WHAT: Mapping[str, str] = {
    "account": "Your account, addresses, devices and sessions, consents, passkeys and letters that wait to be sent",
    "orders": "Your orders with everything that happened to each",
    "carts": "Your carts",
    "payments": "What was paid and given back",
    "methods": "Saved ways to pay, as you know them",
    "reservations": "What was set aside for your orders",
    "movements": "What moved in the warehouses for your orders",
}


def order_row(order: Mapping[str, Any]) -> str:
    """An order as a row of the page."""
    address, total = order["address"], order["total"]
    goes_to = ", ".join(filter(None, (address["name"], address["line1"], address["city"], address["country"])))
    cells = (order["number"], order["placed_at"], order["status"], goes_to, f"{total['amount']} {total['currency']}")
    return _row(cells)


def page(
    shop: str, made: str, counts: Mapping[str, int], account: Sequence[tuple[str, str]], orders: Iterable[str]
) -> str:
    """The page. `orders` are rows; totals are in the currency's smallest unit, as everywhere in the files."""
    files = "".join(
        f'<tr><td><a href="{name}.json">{name}.json</a></td><td>{escape(WHAT.get(name, name))}</td><td>{count}</td></tr>'
        for name, count in counts.items()
    )
    return _PAGE.format(
        shop=escape(shop),
        made=escape(made),
        files=files,
        account="".join(_row(each) for each in account),
        orders="".join(orders),
    )


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
