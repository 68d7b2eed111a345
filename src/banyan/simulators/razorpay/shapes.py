"""The book's things as Razorpay's API writes them."""

from datetime import datetime
from typing import Any

from banyan.simulators.razorpay.book import Link, Order, Payment, Refund, Row, Settlement


def order(it: Order) -> dict[str, Any]:
    paid = it.amount if it.status == "paid" else 0
    return {
        "id": it.id,
        "entity": "order",
        "amount": it.amount,
        "amount_paid": paid,
        "amount_due": it.amount - paid,
        "currency": it.currency,
        "receipt": it.receipt,
        "offer_id": None,
        "status": it.status,
        "attempts": it.attempts,
        "notes": it.notes or [],
        "created_at": unix(it.made_at),
    }


def link(it: Link, origin: str, payments: list[Payment]) -> dict[str, Any]:
    attempts = [
        {"amount": each.amount, "created_at": unix(each.made_at), "method": each.method, "payment_id": each.id}
        | {"status": each.status}
        for each in payments
    ]
    return {
        "accept_partial": False,
        "amount": it.order.amount,
        "amount_paid": it.order.amount if it.status == "paid" else 0,
        "callback_method": "get" if it.callback_url else "",
        "callback_url": it.callback_url,
        "cancelled_at": it.cancelled_at,
        "created_at": unix(it.made_at),
        "currency": it.order.currency,
        "customer": {},
        "description": "",
        "expire_by": it.expire_by,
        "expired_at": it.expire_by if it.status == "expired" else 0,
        "first_min_partial_amount": 0,
        "id": it.id,
        "notes": it.notes or None,
        "notify": {"email": False, "sms": False},
        "order_id": it.order.id,
        "payments": attempts or None,
        "reference_id": it.reference_id,
        "reminder_enable": False,
        "reminders": [],
        "short_url": f"{origin}/i/{it.id.removeprefix('plink_')}",
        "status": it.status,
        "updated_at": unix(it.made_at),
        "upi_link": False,
        "user_id": "",
    }


def payment(it: Payment) -> dict[str, Any]:
    failed = it.status == "failed"
    return {
        "id": it.id,
        "entity": "payment",
        "amount": it.amount,
        "currency": it.order.currency,
        "status": it.status,
        "order_id": it.order.id,
        "invoice_id": None,
        "international": it.order.currency != "INR",
        "method": it.method,
        "amount_refunded": it.refunded,
        "refund_status": None if not it.refunded else "full" if it.refunded == it.amount else "partial",
        "captured": it.captured,
        "description": None,
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": "payer@upi" if it.method == "upi" else None,
        "email": "payer@example.com",
        "contact": "+919000090000",
        "customer_id": it.customer_id,
        "token_id": it.token_id,
        "notes": it.notes or [],
        "fee": it.fee or None,
        "tax": it.tax or None,
        "error_code": "BAD_REQUEST_ERROR" if failed else None,
        "error_description": "Your payment was not completed" if failed else None,
        "error_source": "bank" if failed else None,
        "error_step": "payment_authorization" if failed else None,
        "error_reason": it.error if failed else None,
        "acquirer_data": {"rrn": None},
        "created_at": unix(it.made_at),
    }


def refund(it: Refund) -> dict[str, Any]:
    return {
        "id": it.id,
        "entity": "refund",
        "amount": it.amount,
        "currency": it.payment.order.currency,
        "payment_id": it.payment.id,
        "notes": it.notes or [],
        "receipt": it.receipt,
        "acquirer_data": {"arn": None},
        "created_at": unix(it.made_at),
        "batch_id": None,
        "status": it.status,
        "speed_processed": "normal",
        "speed_requested": "normal",
    }


def settlement(it: Settlement) -> dict[str, Any]:
    told = {"id": it.id, "entity": "settlement", "amount": it.amount, "status": "processed", "fees": 0, "tax": 0}
    return told | {"utr": utr(it.id), "created_at": unix(it.made_at)}


def row(it: Row) -> dict[str, Any]:
    """Of the settlement reconciliation."""
    paid = it.payment
    return {
        "entity_id": it.id,
        "type": it.kind,
        "debit": it.debit,
        "credit": it.credit,
        "amount": it.credit + it.debit + it.fee,
        "currency": paid.order.currency,
        "fee": it.fee,
        "tax": it.tax,
        "on_hold": False,
        "settled": bool(it.settlement_id),
        "created_at": unix(it.made_at),
        "settled_at": unix(it.settled_at) if it.settled_at else None,
        "settlement_id": it.settlement_id or None,
        "posted_at": None,
        "credit_type": "default",
        "description": None,
        "notes": paid.notes,
        "payment_id": None if it.kind == "payment" else paid.id,
        "settlement_utr": utr(it.settlement_id) if it.settlement_id else None,
        "order_id": paid.order.id,
        "order_receipt": paid.order.receipt,
        "method": paid.method,
        "card_network": None,
        "card_issuer": None,
        "card_type": None,
        "dispute_id": it.dispute_id or None,
    }


def dispute(it: Row, status: str) -> dict[str, Any]:
    """Of the row by which its money was taken."""
    return {
        "id": it.dispute_id,
        "entity": "dispute",
        "payment_id": it.payment.id,
        "amount": it.debit,
        "currency": it.currency,
        "amount_deducted": it.debit,
        "reason_code": "goods_or_services_not_received_or_partially_received",
        "respond_by": unix(it.made_at) + 7 * 86_400,
        "status": status,
        "phase": "chargeback",
        "created_at": unix(it.made_at),
    }


def some(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), "items": items}


def utr(settlement_id: str) -> str:
    return settlement_id.removeprefix("setl_").lower()


def unix(moment: datetime) -> int:
    return int(moment.timestamp())
