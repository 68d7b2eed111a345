"""PayPal's own book: orders, what is held, taken and given back, saved wallets, and every movement of the balance.

Rules after the public reference of Orders v2 and Payments v2; a request that breaks one is refused by PayPal's issue.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.simulators.paypal import amounts

_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXY"
APPROVAL = timedelta(hours=6)  # for which an order waits for its payer
HONOURED, HELD, REFUNDABLE = timedelta(days=3), timedelta(days=29), timedelta(days=180)


class Refused(Exception):
    """PayPal will not; `issue` says why."""

    def __init__(self, issue: str, status: int = 422) -> None:
        super().__init__(issue)
        self.issue, self.status = issue, status


@dataclass(slots=True)
class Held:
    id: str
    amount: int
    status: str
    made_at: datetime
    renewed: bool = False


@dataclass(slots=True)
class Taken:
    id: str
    held_id: str
    amount: int
    fee: int
    final: bool
    made_at: datetime
    refunded: int = 0
    status: str = "COMPLETED"


@dataclass(slots=True)
class Back:
    id: str
    taken_id: str
    amount: int
    custom_id: str | None
    made_at: datetime
    status: str = "COMPLETED"


@dataclass(slots=True)
class Order:
    id: str
    amount: int
    currency: str
    custom_id: str | None
    invoice_id: str | None
    made_at: datetime
    return_url: str = ""
    cancel_url: str = ""
    save: bool = False
    vault_id: str | None = None  # what it was paid with, or saved as
    status: str = "PAYER_ACTION_REQUIRED"
    choice: str = ""  # of the payer: approve, refuse (their card will be declined), review (PayPal looks first)
    held: list[Held] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    back: list[Back] = field(default_factory=list)


@dataclass(slots=True)
class Wallet:
    id: str
    customer_id: str
    declines: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of the balance, by PayPal's transaction event code."""

    id: str
    code: str  # T0006 checkout payment, T1107 refund, T0400 withdrawal, T1201 charge-back, T0106 its fee
    amount: int
    fee: int
    currency: str
    at: datetime
    about: str | None = None  # the transaction it belongs to
    invoice_id: str | None = None
    custom_id: str | None = None


class Book:
    def __init__(self, clock: Clock, ids: Ids) -> None:
        self.clock, self._ids = clock, ids
        self.orders: dict[str, Order] = {}
        self.wallets: dict[str, Wallet] = {}
        self.entries: list[Entry] = []
        self.disputes: dict[str, str] = {}  # what was taken, by dispute

    def id(self) -> str:
        """Seventeen letters and digits, as PayPal's."""
        return "".join(_LETTERS[each & 31] for each in self._ids.secret(17))

    def order(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        waits = order is not None and not order.held and self.clock.now() - order.made_at > APPROVAL
        if order is None or waits:
            raise Refused("INVALID_RESOURCE_ID", 404)
        return order

    def begin(self, order: Order) -> Order:
        self.orders[order.id] = order
        if order.vault_id is not None:
            wallet = self.wallets.get(order.vault_id)
            if wallet is None:
                self.orders.pop(order.id)
                raise Refused("TOKEN_ID_NOT_FOUND")
            order.choice, order.status = ("refuse" if wallet.declines else "approve"), "APPROVED"
            try:
                self.authorize(order)
            except Refused:
                self.orders.pop(order.id)
                raise
        return order

    def choose(self, order: Order, choice: str) -> None:
        """What the payer clicks. One who cancels may come back."""
        if order.status != "PAYER_ACTION_REQUIRED" or choice == "cancel":
            return
        order.status, order.choice = "APPROVED", choice

    def authorize(self, order: Order) -> Held:
        if order.status == "COMPLETED":
            raise Refused("ORDER_ALREADY_AUTHORIZED")
        if order.status != "APPROVED":
            raise Refused("ORDER_NOT_APPROVED")
        if order.choice == "refuse":
            raise Refused("INSTRUMENT_DECLINED")
        others = (each for each in self.orders.values() if each is not order and each.held)
        if order.invoice_id and any(each.invoice_id == order.invoice_id for each in others):
            raise Refused("DUPLICATE_INVOICE_ID")
        held = Held(self.id(), order.amount, "PENDING" if order.choice == "review" else "CREATED", self.clock.now())
        order.held.append(held)
        order.status = "COMPLETED"
        if order.save and order.vault_id is None:
            wallet = Wallet(self.id().lower()[:8], self.id()[:10])
            self.wallets[wallet.id] = wallet
            order.vault_id = wallet.id
        return held

    def review(self, order: Order, accepted: bool) -> None:
        for each in order.held:
            if each.status == "PENDING":
                each.status, each.made_at = "CREATED" if accepted else "DENIED", self.clock.now()

    def find_held(self, held_id: str) -> tuple[Order, Held]:
        for order in self.orders.values():
            for each in order.held:
                if each.id == held_id:
                    if each.status == "CREATED" and self.clock.now() - each.made_at > HELD:
                        each.status = "EXPIRED"
                    return order, each
        raise Refused("INVALID_RESOURCE_ID", 404)

    def capture(self, order: Order, held: Held, amount: int, currency: str, final: bool) -> Taken:
        issue = {
            "VOIDED": "AUTHORIZATION_VOIDED",
            "EXPIRED": "AUTHORIZATION_EXPIRED",
            "DENIED": "AUTHORIZATION_DENIED",
            "PENDING": "AUTHORIZATION_DENIED",
            "CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
        }.get(held.status)
        if issue:
            raise Refused(issue)
        if currency != order.currency:
            raise Refused("AUTH_CAPTURE_CURRENCY_MISMATCH")
        before = sum(each.amount for each in order.taken)
        if before + amount > held.amount:
            raise Refused("MAX_CAPTURE_AMOUNT_EXCEEDED")
        taken = Taken(self.id(), held.id, amount, amounts.fee(amount, currency), final, self.clock.now())
        order.taken.append(taken)
        held.status = "CAPTURED" if final or before + amount == held.amount else "PARTIALLY_CAPTURED"
        self._enter(order, taken.id, "T0006", amount, -taken.fee, held.id)
        return taken

    def void(self, held: Held) -> None:
        if held.status == "VOIDED":
            raise Refused("PREVIOUSLY_VOIDED")
        if held.status in ("CAPTURED", "PARTIALLY_CAPTURED"):
            raise Refused("PREVIOUSLY_CAPTURED")
        if held.status == "DENIED":
            raise Refused("CANNOT_BE_VOIDED")
        held.status = "VOIDED"

    def renew(self, order: Order, held: Held, amount: int) -> Held:
        age = self.clock.now() - held.made_at
        if held.status != "CREATED":
            raise Refused("AUTHORIZATION_VOIDED" if held.status == "VOIDED" else "AUTHORIZATION_ALREADY_CAPTURED")
        if held.renewed or age > HELD:
            raise Refused("REAUTHORIZATION_NOT_SUPPORTED")
        if age <= HONOURED:
            raise Refused("REAUTHORIZATION_TOO_SOON")
        held.status = "VOIDED"  # the new one stands for it
        new = Held(self.id(), amount, "CREATED", self.clock.now(), renewed=True)
        order.held.append(new)
        return new

    def find_taken(self, taken_id: str) -> tuple[Order, Taken]:
        for order in self.orders.values():
            for each in order.taken:
                if each.id == taken_id:
                    return order, each
        raise Refused("INVALID_RESOURCE_ID", 404)

    def refund(self, order: Order, taken: Taken, amount: int, currency: str, custom_id: str | None) -> Back:
        if currency != order.currency:
            raise Refused("REFUND_CAPTURE_CURRENCY_MISMATCH")
        if taken.refunded == taken.amount:
            raise Refused("CAPTURE_FULLY_REFUNDED")
        if taken.refunded + amount > taken.amount:
            raise Refused("REFUND_AMOUNT_EXCEEDED")
        if self.clock.now() - taken.made_at > REFUNDABLE:
            raise Refused("REFUND_TIME_LIMIT_EXCEEDED")
        back = Back(self.id(), taken.id, amount, custom_id, self.clock.now())
        order.back.append(back)
        taken.refunded += amount
        taken.status = "REFUNDED" if taken.refunded == taken.amount else "PARTIALLY_REFUNDED"
        self._enter(order, back.id, "T1107", -amount, 0, taken.id, custom_id)  # the fee of the sale is kept
        return back

    def dispute(self, taken_id: str) -> str:
        """The payer's bank takes all of it back, and PayPal a fee."""
        order, taken = self.find_taken(taken_id)
        made = self.id()
        self._enter(order, made, "T1201", -(taken.amount - taken.refunded), 0, taken.id)
        self._enter(order, self.id(), "T0106", -2_000, 0, made)
        self.disputes[f"PP-D-{made[:5]}"] = taken_id
        return f"PP-D-{made[:5]}"

    def end_dispute(self, dispute_id: str, *, won: bool) -> None:
        """What was won comes back; the fee does not."""
        order, taken = self.find_taken(self.disputes[dispute_id])
        if won:
            self._enter(order, self.id(), "T1202", taken.amount - taken.refunded, 0, taken.id)

    def withdraw(self, currency: str) -> int:
        """Pay the balance out to the bank; how much it was."""
        amount = self.balance(currency)
        if amount > 0:
            self.entries.append(Entry(self.id(), "T0400", -amount, 0, currency, self.clock.now()))
        return max(amount, 0)

    def balance(self, currency: str) -> int:
        return sum(each.amount + each.fee for each in self.entries if each.currency == currency)

    def _enter(
        self, order: Order, made: str, code: str, amount: int, fee: int, about: str, custom_id: str | None = None
    ) -> None:
        self.entries.append(
            Entry(
                made,
                code,
                amount,
                fee,
                order.currency,
                self.clock.now(),
                about,
                order.invoice_id,
                custom_id or order.custom_id,
            )
        )

    def broken(self) -> list[str]:
        """What does not add up; empty in a sound book."""
        wrong = []
        for order in self.orders.values():
            taken = sum(each.amount for each in order.taken)
            if taken > order.amount:
                wrong.append(f"{order.id}: {taken} of {order.amount} are captured")
            for each in order.taken:
                back = sum(one.amount for one in order.back if one.taken_id == each.id)
                if back != each.refunded or back > each.amount:
                    wrong.append(f"{each.id}: {back} of {each.amount} went back")
            if sum(each.status == "CREATED" for each in order.held) > 1:
                wrong.append(f"{order.id}: held twice")
        paid = [order.invoice_id for order in self.orders.values() if order.taken and order.invoice_id]
        wrong += [f"invoice {each} is paid twice" for each in sorted(set(paid)) if paid.count(each) > 1]
        moved = sum(each.amount for each in self.entries if each.code in ("T0006", "T1107"))
        kept = sum(t.amount - t.refunded for order in self.orders.values() for t in order.taken)
        return wrong + ([] if moved == kept else [f"{moved} moved, {kept} kept"])
