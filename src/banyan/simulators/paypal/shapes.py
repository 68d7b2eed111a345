"""The book's things as PayPal's API writes them (Orders v2, Payments v2, Vault v3)."""

from datetime import datetime
from typing import Any

from banyan.simulators.paypal.amounts import money
from banyan.simulators.paypal.book import HELD, Back, Held, Order, Taken

PAYER = {"email_address": "payer@example.com", "name": {"given_name": "Pat", "surname": "Payer"}}
_PROTECTION = {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]}


class Shapes:
    def __init__(self, origin: str, merchant_id: str) -> None:
        self._origin, self._merchant = origin, merchant_id

    def order(self, order: Order) -> dict[str, Any]:
        unit: dict[str, Any] = {
            "reference_id": "default",
            "amount": money(order.amount, order.currency),
            "payee": {"merchant_id": self._merchant},
        }
        unit |= {name: value for name in ("custom_id", "invoice_id") if (value := getattr(order, name))}
        if order.held:
            unit["payments"] = {
                "authorizations": [self.held(order, each) for each in order.held],
                **({"captures": [self.taken(order, each) for each in order.taken]} if order.taken else {}),
                **({"refunds": [self.back(order, each) for each in order.back]} if order.back else {}),
            }
        here = f"/v2/checkout/orders/{order.id}"
        links = [self._link("self", "GET", here)]
        if order.status == "PAYER_ACTION_REQUIRED":
            links.append(self._link("payer-action", "GET", f"/checkoutnow?token={order.id}"))
        if order.status == "APPROVED":
            links.append(self._link("authorize", "POST", f"{here}/authorize"))
        told = {"id": order.id, "intent": "AUTHORIZE", "status": order.status, "purchase_units": [unit]}
        return told | {"create_time": _time(order.made_at), "payment_source": self._source(order), "links": links}

    def _source(self, order: Order) -> dict[str, Any]:
        if not order.choice:
            return {"paypal": {}}
        wallet: dict[str, Any] = PAYER | {"account_id": "QYR5Z8XDVJNXQ", "account_status": "VERIFIED"}
        if order.save and order.vault_id and order.held:
            vault = {"id": order.vault_id, "status": "VAULTED", "customer": {"id": f"cus{order.vault_id}"}}
            wallet |= {"attributes": {"vault": vault}}
        return {"paypal": wallet}

    def held(self, order: Order, held: Held) -> dict[str, Any]:
        here = f"/v2/payments/authorizations/{held.id}"
        told = {"id": held.id, "status": held.status, "amount": money(held.amount, order.currency)}
        if held.status == "PENDING":
            told["status_details"] = {"reason": "PENDING_REVIEW"}
        links = [self._link("self", "GET", here)]
        if held.status == "CREATED":
            links += [self._link(each, "POST", f"{here}/{each}") for each in ("capture", "void", "reauthorize")]
        return (
            told
            | self._common(order, held.made_at)
            | {
                "seller_protection": _PROTECTION,
                "expiration_time": _time(held.made_at + HELD),
                "links": [*links, self._link("up", "GET", f"/v2/checkout/orders/{order.id}")],
            }
        )

    def taken(self, order: Order, taken: Taken) -> dict[str, Any]:
        here = f"/v2/payments/captures/{taken.id}"
        told = {"id": taken.id, "status": taken.status, "amount": money(taken.amount, order.currency)}
        return (
            told
            | self._common(order, taken.made_at)
            | {
                "final_capture": taken.final,
                "disbursement_mode": "INSTANT",
                "seller_protection": _PROTECTION,
                "seller_receivable_breakdown": {
                    "gross_amount": money(taken.amount, order.currency),
                    "paypal_fee": money(taken.fee, order.currency),
                    "net_amount": money(taken.amount - taken.fee, order.currency),
                },
                "supplementary_data": {"related_ids": {"order_id": order.id, "authorization_id": taken.held_id}},
                "links": [
                    self._link("self", "GET", here),
                    self._link("refund", "POST", f"{here}/refund"),
                    self._link("up", "GET", f"/v2/payments/authorizations/{taken.held_id}"),
                ],
            }
        )

    def back(self, order: Order, back: Back) -> dict[str, Any]:
        sum_back = sum(each.amount for each in order.back if each.taken_id == back.taken_id)
        told: dict[str, Any] = {"id": back.id, "status": back.status, "amount": money(back.amount, order.currency)}
        if back.custom_id:
            told["custom_id"] = back.custom_id
        return told | {
            "seller_payable_breakdown": {
                "gross_amount": money(back.amount, order.currency),
                "paypal_fee": money(0, order.currency),
                "net_amount": money(back.amount, order.currency),
                "total_refunded_amount": money(sum_back, order.currency),
            },
            "create_time": _time(back.made_at),
            "update_time": _time(back.made_at),
            "links": [
                self._link("self", "GET", f"/v2/payments/refunds/{back.id}"),
                self._link("up", "GET", f"/v2/payments/captures/{back.taken_id}"),
            ],
        }

    def dispute(self, dispute_id: str, order: Order, taken: Taken, status: str, outcome: str) -> dict[str, Any]:
        about = {"seller_transaction_id": taken.id, "invoice_number": order.invoice_id or ""}
        told = {
            "dispute_id": dispute_id,
            "create_time": _time(taken.made_at),
            "update_time": _time(taken.made_at),
            "disputed_transactions": [about],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": status,
            "dispute_amount": money(taken.amount - taken.refunded, order.currency),
            "dispute_life_cycle_stage": "CHARGEBACK",
        }
        return told | ({"dispute_outcome": {"outcome_code": outcome}} if outcome else {})

    def _common(self, order: Order, made_at: datetime) -> dict[str, Any]:
        ours = {name: value for name in ("custom_id", "invoice_id") if (value := getattr(order, name))}
        return ours | {"create_time": _time(made_at), "update_time": _time(made_at)}

    def _link(self, rel: str, method: str, path: str) -> dict[str, str]:
        return {"href": f"{self._origin}{path}", "rel": rel, "method": method}


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
