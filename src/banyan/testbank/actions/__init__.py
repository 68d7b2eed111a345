"""What a merchant may ask of the bank: charge, capture, void, refund, look up; tokens for cards; webhooks go out."""

from banyan.testbank.actions.cards import keep_card
from banyan.testbank.actions.charges import charge, look_up, void_by_reference
from banyan.testbank.actions.confirming import confirm, waiting
from banyan.testbank.actions.deeds import capture, refund, void
from banyan.testbank.actions.reporting import report, report_csv
from banyan.testbank.actions.secrets import merchant_key
from banyan.testbank.actions.webhooks import deliver

__all__ = [
    "capture",
    "charge",
    "confirm",
    "deliver",
    "keep_card",
    "look_up",
    "merchant_key",
    "refund",
    "report",
    "report_csv",
    "void",
    "void_by_reference",
    "waiting",
]
