"""What simulated Stripe remembers: objects as its API shows them, and the events that tell of them."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids

Obj = dict[str, Any]
VERSION = "2023-08-16"


class ApiError(Exception):
    """An error as Stripe answers it (docs.stripe.com/error-codes)."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.told: Obj = {"error": {"message": message, "type": kind, **{k: v for k, v in more.items() if v}}}


class Book:
    """Objects by kind and id, oldest first. Whoever `listens` hears each event once, at once."""

    def __init__(self, clock: Clock, ids: Ids, origin: str, account: str = "") -> None:
        self.clock, self.ids, self.account, self.origin = clock, ids, account, origin
        self.objects: dict[str, dict[str, Obj]] = {}
        self.listens: list[Callable[[Obj], None]] = []
        self.request: Obj = {"id": None, "idempotency_key": None}  # that is being answered
        self.cards: dict[str, str] = {}  # numbers of payment methods: for what they do, never shown
        self.used: set[str] = set()  # payment methods that were charged
        self.paid: dict[str, str] = {}  # payouts by the balance transactions they paid
        self.set_up: set[str] = set()  # payment methods that a shopper confirmed for later
        self.later: list[tuple[int, str, str]] = []  # when, what, and to which object

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def of(self, kind: str) -> dict[str, Obj]:
        return self.objects.setdefault(kind, {})

    def add(self, kind: str, prefix: str, **fields: Any) -> Obj:
        """A new object of a kind, with what each has."""
        made: Obj = {"id": self.ids.new(prefix), "object": kind, "created": self.now()} | fields
        self.of(kind)[made["id"]] = made
        return made

    def find(self, kind: str, name: object, param: str = "id") -> Obj:
        """ApiError `resource_missing` for what is not there."""
        found = self.of(kind).get(str(name))
        if found is None:
            message = f"No such {kind}: '{name}'"
            raise ApiError(message, 404 if param == "id" else 400, code="resource_missing", param=param)
        return found

    def tell(self, kind: str, told: Obj) -> None:
        """Make an event of an object as it is now."""
        event = self.add(
            "event",
            "evt",
            api_version=VERSION,
            data={"object": copy.deepcopy(told)},
            livemode=False,
            pending_webhooks=1,
            request=dict(self.request),
            type=kind,
        )
        if self.account:
            event["account"] = self.account
        for listen in self.listens:
            listen(event)

    def refunds_of(self, charge: str) -> list[Obj]:
        """Newest first."""
        return [each for each in reversed(self.of("refund").values()) if each["charge"] == charge]

    def money(self) -> Iterator[Obj]:
        yield from self.of("balance_transaction").values()


def broken(book: Book) -> list[str]:
    """What does not hold in this book; it must be nothing, whatever was asked of it."""
    found = []
    for intent in book.of("payment_intent").values():
        charges = [each for each in book.of("charge").values() if each["payment_intent"] == intent["id"]]
        good = [each for each in charges if each["status"] == "succeeded"]
        if len(good) > 1:
            found.append(f"{intent['id']} has {len(good)} charges")
        if intent["amount_received"] != sum(each["amount_captured"] for each in good):
            found.append(f"{intent['id']} has not received what was captured")
    for charge in book.of("charge").values():
        back = sum(
            each["amount"] for each in book.refunds_of(charge["id"]) if each["status"] not in ("failed", "canceled")
        )
        if back != charge["amount_refunded"] or back > charge["amount_captured"]:
            found.append(f"{charge['id']} has refunds of {back}, shows {charge['amount_refunded']}")
        entries = [each for each in book.money() if each["source"] == charge["id"]]
        if sum(each["amount"] for each in entries) != charge["amount_captured"]:
            found.append(f"{charge['id']} is entered with another amount")
    found += [f"{each['id']} does not add up" for each in book.money() if each["amount"] - each["fee"] != each["net"]]
    return found


def held_or_taken(book: Book) -> dict[str, list[Obj]]:
    """By our payment's id: the intents that hold or took money. More than one is a double charge."""
    told: dict[str, list[Obj]] = {}
    for intent in book.of("payment_intent").values():
        if intent["status"] in ("requires_capture", "succeeded"):
            told.setdefault(intent["metadata"].get("payment_id", ""), []).append(intent)
    return told
