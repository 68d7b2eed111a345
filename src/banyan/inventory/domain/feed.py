"""What a warehouse may tell us, and what is too odd to be taken."""

from datetime import datetime, timedelta

from banyan.contracts.inventory import StockMessage
from banyan.inventory.domain.bounds import LARGEST, is_id, is_sku, is_text
from banyan.kernel.refusals import Fault, Invalid

LONGEST_MESSAGE_ID = 200
TAKEN = timedelta(days=15)  # SQS keeps a message for fourteen days at most
AHEAD = timedelta(minutes=5)  # by which a warehouse's clock may be wrong
KEPT_DAYS = 20  # longer than any that is taken


def check(message: StockMessage, now: datetime) -> None:
    """Invalid, naming what is wrong. A time ahead of ours would make all that follows look old."""
    wrong = [
        Fault(f"/{name}", code, words)
        for name, code, words, is_so in (
            ("id", "malformed", "1 to 200 printable characters", not is_text(message.id, LONGEST_MESSAGE_ID)),
            ("sku", "malformed", "not a SKU", not is_sku(message.sku)),
            ("warehouse", "malformed", "not a warehouse's id", not is_id(message.warehouse)),
            ("on_hand", "one_of_two", "give either on_hand or change", not _one_of_two(message)),
            ("on_hand", "out_of_range", f"units are 0 to {LARGEST}", not 0 <= (message.on_hand or 0) <= LARGEST),
            ("change", "out_of_range", f"not zero, at most {LARGEST}", not _is_change(message.change)),
            ("time", "too_old", "messages are taken for 15 days", message.time < now - TAKEN),
            ("time", "in_the_future", "it has not happened yet", message.time > now + AHEAD),
        )
        if is_so
    ]
    if wrong:
        raise Invalid("; ".join(f"{each.pointer[1:]}: {each.detail}" for each in wrong), errors=wrong)


def _one_of_two(message: StockMessage) -> bool:
    return (message.on_hand is None) != (message.change is None)


def _is_change(change: int | None) -> bool:
    return change is None or (change != 0 and abs(change) <= LARGEST)
