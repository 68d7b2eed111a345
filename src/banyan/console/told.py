"""Messages that are shown once, after something was done."""

from banyan.foundation.face.visit import Message

TOLD = {
    "signed-in": Message("good", "You are signed in."),
    "signed-out": Message("good", "You are signed out."),
    "session-over": Message("note", "Your session is over. Sign in again; nothing was done meanwhile."),
    "cancelled": Message("good", "The order is cancelled. Its stock and money are on their way back."),
    "refunded": Message("good", "The money has gone back."),
    "refund-under-way": Message("note", "The refund is under way: the provider takes its time. It appears here when it is done."),
    "sent": Message("good", "The parcel is noted as sent."),
    "saved": Message("good", "Saved."),
    "unchanged": Message("note", "Nothing was changed: it stands as it did."),
    "prices-saved": Message("good", "The prices are saved."),
    "adjusted": Message("good", "The shelf is adjusted."),
    "nothing-moved": Message("note", "The count was right already: nothing moved."),
    "released": Message("good", "The hold has ended; its units can be bought again."),
    "warehouse-added": Message("good", "The warehouse is open."),
    "roles-set": Message("good", "The roles are set. Where that person was signed in, they must sign in again."),
    "retried": Message("good", "The event is tried again at once. If it fails once more, it comes back to this list."),
    "discarded": Message("good", "The event is given up; what stood behind it goes on."),
    "gone-already": Message("note", "That event does not wait any more."),
}  # fmt: skip
