"""Razorpay, played: its API, the payment link's page, its webhooks and settlements, over a book of its own.

Written from its public reference (razorpay.com/docs/api) and the shapes in its published SDKs.
"""

import csv
import hmac
import html
import io
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_json

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.simulators import control
from banyan.simulators.common import Answer, Asked, asgi, page, redirect
from banyan.simulators.hooks import Hook, Hooks, Post
from banyan.simulators.razorpay import shapes
from banyan.simulators.razorpay.api import Api
from banyan.simulators.razorpay.book import Book, Link, Row, Token
from banyan.simulators.troubles import Troubles

KEY, WEBHOOK_SECRET, ACCOUNT = ("rzp_test_key", "key-secret"), "webhook-secret", "acc_BFQ7uQEaa7j2z7"
WAITS = tuple(min(60.0 * 2**attempt, 14_400.0) for attempt in range(12))  # for a day
CHOICES = {"pay": "Pay now", "fail": "Pay, and let the bank refuse", "wait": "Pay, and let the bank take its time"}


class Razorpay:
    """`app` is its ASGI application; `deliver()` sends the webhooks that are due. `captures`: at once, by itself."""

    def __init__(
        self, clock: Clock, ids: Ids, post: Post, *, origin: str = "https://api.razorpay.com", captures: bool = False
    ) -> None:
        self._clock = clock
        self.book = Book(clock, ids, captures)
        self.api = Api(self.book, origin, KEY, self._tell)
        self.hooks = Hooks(clock, self._sign, post, WAITS)
        self.troubles = Troubles(asgi(self._answer))

    @property
    def app(self) -> Troubles:
        return self.troubles

    async def deliver(self) -> int:
        return await self.hooks.deliver()

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/_sim/"):
            return await control.answer(self, asked)
        if asked.path.startswith("/i/"):
            return self._page(asked)
        return await self.api.answer(asked)

    def _page(self, asked: Asked) -> Answer:
        self.book.pass_time()
        link = self.book.links.get(f"plink_{asked.path.removeprefix('/i/')}")
        if link is None:
            return page("<h1>Razorpay</h1><p>There is no such link.</p>", 404)
        choice = dict(asked.pairs()).get("choice", "")
        may = asked.method == "POST" and choice in CHOICES and link.status == "created"
        if may and (back := self.choose(link, choice)):
            return redirect(back)
        amount, rows = f"{link.order.amount} {link.order.currency}", ""
        if link.status == "created":
            buttons = "".join(f'<p><button name="choice" value="{key}">{CHOICES[key]}</button></p>' for key in CHOICES)
            rows = f'<form method="post">{buttons}</form>'
        return page(
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            f"<title>Razorpay (played)</title><h1>Razorpay (played)</h1><p>You pay {html.escape(amount)} (smallest units)."
            f" This link is {link.status}.</p>{rows}</html>"
        )

    def choose(self, link: Link, choice: str) -> str:
        """What the payer clicks; where they are sent: nowhere while nothing is paid, for they may try again."""
        payment = self.book.attempt(link.order)
        if choice == "wait":
            return ""
        self.api.banked(payment, "payment_declined" if choice == "fail" else None)
        if choice == "fail" or not link.callback_url:
            return ""
        status = link.status
        signed = f"{link.id}|{link.reference_id}|{status}|{payment.id}".encode()
        query = {
            "razorpay_payment_id": payment.id,
            "razorpay_payment_link_id": link.id,
            "razorpay_payment_link_reference_id": link.reference_id,
            "razorpay_payment_link_status": status,
            "razorpay_signature": hmac.digest(KEY[1].encode(), signed, "sha256").hex(),
        }
        return f"{link.callback_url}{'&' if '?' in link.callback_url else '?'}{urlencode(query)}"

    def pay(self, url: str, choice: str = "pay") -> str:
        """The same for a test that has only the page's address."""
        return self.choose(self.book.links[f"plink_{url.rpartition('/i/')[2]}"], choice)

    def _tell(self, event: str, entities: dict[str, dict[str, Any]]) -> None:
        told = {
            "entity": "event",
            "account_id": ACCOUNT,
            "event": event,
            "contains": list(entities),
            "payload": {name: {"entity": entity} for name, entity in entities.items()},
            "created_at": shapes.unix(self._clock.now()),
        }
        self.hooks.tell(self.book.id("evt").replace("_", ""), to_json(told))

    def _sign(self, hook: Hook) -> dict[str, str]:
        signature = hmac.digest(WEBHOOK_SECRET.encode(), hook.body, "sha256").hex()
        return {"x-razorpay-signature": signature, "x-razorpay-event-id": hook.id}

    # What `/_sim/` asks of it.

    def state(self) -> dict[str, Any]:
        book = self.book
        return {
            "links": [self.api.shown(each) for each in book.links.values()],
            "orders": [shapes.order(each) for each in book.orders.values()],
            "payments": [shapes.payment(each) for each in book.payments.values()],
            "refunds": [shapes.refund(each) for each in book.refunds.values()],
        }

    def broken(self) -> list[str]:
        return self.book.broken()

    def act(self, what: str, told: dict[str, Any]) -> dict[str, Any]:
        match what:
            case "tokens":
                customer = {"id": self.book.id("cust"), "entity": "customer", "name": "Pat Payer"}
                self.book.customers[customer["id"]] = customer | {
                    "email": "pat@example.com",
                    "contact": "+919000090000",
                }
                token = Token(self.book.id("token"), customer["id"], bool(told.get("declines")))
                self.book.tokens[token.id] = token
                return {"id": token.id, "customer_id": customer["id"]}
            case "banked":
                payment = self.book.payments[str(told["payment"])]
                self.api.banked(payment, None if told.get("accepted", True) else "payment_declined")
            case "disputes":
                made = self.book.dispute(self.book.payments[str(told["payment"])])
                self._tell_dispute(self.book.rows[-1], "created", "open")
                return {"dispute_id": made}
            case "disputes/end":
                status = str(told["status"])
                self._tell_dispute(self.book.end_dispute(str(told["dispute"]), won=status == "won"), status, status)
            case "payouts":
                settled = self.book.settle(str(told.get("currency", "")))
                if settled is None:
                    return {}
                shown = shapes.settlement(settled)
                self._tell("settlement.processed", {"settlement": shown})
                return shown
            case _:
                raise KeyError(what)
        return {}

    def _tell_dispute(self, row: Row, event: str, status: str) -> None:
        told = {"payment": shapes.payment(row.payment), "dispute": shapes.dispute(row, status)}
        self._tell(f"payment.dispute.{event}", told)

    def report(self, told: dict[str, str]) -> Answer:
        """The settlement reconciliation as CSV, with the names of the API's fields."""
        out = io.StringIO()
        rows = [shapes.row(each) for each in self.book.rows if each.settlement_id]
        names = list(rows[0]) if rows else []
        write = csv.DictWriter(out, [name for name in names if name != "notes"], extrasaction="ignore")
        write.writeheader()
        write.writerows(rows)
        return Answer(200, out.getvalue().encode(), {"content-type": "text/csv"})
