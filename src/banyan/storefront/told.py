"""Messages that are shown once, after something was done."""

from banyan.foundation.face.visit import Message

TOLD = {
    "added": Message("good", "Added to your cart."),
    "updated": Message("good", "Your cart is up to date."),
    "removed": Message("good", "Taken out of your cart."),
    "less": Message("note", "There are not that many left. Your cart holds all we have."),
    "cart-empty": Message("note", "Your cart is empty, so there is nothing to check out yet."),
    "cart-changed": Message("note", "Something in your cart has changed. Please look it over before you go on."),
    "delivery-first": Message("note", "First tell us where the parcel goes."),
    "signed-in": Message("good", "Welcome back."),
    "signed-up": Message("good", "Welcome! Your account is ready."),
    "signed-out": Message("good", "You are signed out."),
    "link-sent": Message("good", "If there is an account with this address, a sign-in link is on its way."),
    "saved": Message("good", "Saved."),
    "deleted": Message("good", "Deleted."),
    "password-changed": Message("good", "Your password is changed, and all other devices are signed out."),
    "session-ended": Message("good", "That device is signed out."),
    "cancelled": Message("good", "Your order is cancelled. What you paid is on its way back to you."),
    "not-cancelled": Message("bad", "This order cannot be cancelled any more."),
    "not-yours-to-cancel": Message("bad", "Only the account or the browser that placed this order can cancel it."),
    "address-needed": Message("note", "To buy with one click, save an address first."),
    "method-needed": Message("note", "To buy with one click, save a way to pay first."),
    "still-placing": Message("note", "Your order is still being placed. Give it a moment, then look again."),
    "not-accepted": Message("bad", "This way to pay was not accepted. Please try another."),
    "changed-meanwhile": Message("note", "This was changed somewhere else meanwhile. Here is how it stands now."),
}  # fmt: skip
