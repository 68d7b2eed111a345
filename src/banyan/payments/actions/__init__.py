"""What may be asked of payments: one file per verb."""

from banyan.payments.actions.authorize import authorize
from banyan.payments.actions.capture import capture, capture_once
from banyan.payments.actions.look import look, settle_payment
from banyan.payments.actions.looking_back import differences, reconciliation, reconciliations, trial_balance
from banyan.payments.actions.methods import ask_default_method, remove_method, save_method, saved_methods, vault_card
from banyan.payments.actions.reconcile import by_api as reconcile
from banyan.payments.actions.reconcile import by_file as reconcile_file
from banyan.payments.actions.reconcile import explain, nightly
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
    "differences",
    "entries",
    "explain",
    "forget",
    "look",
    "nightly",
    "one",
    "page",
    "reconcile",
    "reconcile_file",
    "reconciliation",
    "reconciliations",
    "refund",
    "refund_once",
    "remove_method",
    "save_method",
    "saved_methods",
    "settle_payment",
    "take_webhook",
    "trial_balance",
    "vault_card",
    "void",
    "void_once",
]
