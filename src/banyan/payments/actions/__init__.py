"""What may be asked of payments: one file per verb."""

from banyan.payments.actions.authorize import authorize
from banyan.payments.actions.capture import capture, capture_once
from banyan.payments.actions.look import look
from banyan.payments.actions.methods import ask_default_method, remove_method, save_method, saved_methods, vault_card
from banyan.payments.actions.refund import refund, refund_once
from banyan.payments.actions.show import ask_payment, entries, one, page
from banyan.payments.actions.void import void, void_once
from banyan.payments.actions.webhooks import forget, take_webhook

__all__ = [
    "ask_default_method",
    "ask_payment",
    "authorize",
    "capture",
    "capture_once",
    "entries",
    "forget",
    "look",
    "one",
    "page",
    "refund",
    "refund_once",
    "remove_method",
    "save_method",
    "saved_methods",
    "take_webhook",
    "vault_card",
    "void",
    "void_once",
]
