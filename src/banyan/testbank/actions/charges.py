"""Charges: each is made once by its reference, and those of many at once by one statement with entries and webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.testbank import domain, storage
from banyan.testbank.actions import showing
from banyan.testbank.actions.deeds import capture, void
from banyan.testbank.actions.secrets import confirm_secret
from banyan.testbank.actions.showing import Charge
from banyan.testbank.actions.troubles import linger, stumble
from banyan.testbank.domain import NewCharge, Trouble


@dataclass(frozen=True, slots=True)
class _Wish:
    reference: str
    amount: Money
    token: str
    return_url: str
    manner: str | None  # None: the token is unknown, so that only a charge there is can be answered with


async def charge(
    ports: Ports, reference: str, amount: Money, token: str, *, capture_too: bool = False, return_url: str = ""
) -> Charge:
    """Hold the money (or refuse to: state `declined`; or wait for the holder: `requires_action`).

    Conflict when the reference stands for something else.
    """
    manner = token if token in domain.TOKENS else await storage.manner_of_card(ports.db, token)
    if manner is None or domain.TOKENS[manner].troubles("charge") is Trouble.BROKEN:
        known = await storage.by_reference(ports.db, reference)
        if known is None and manner is None:
            raise Invalid("there is no such token", code="unknown_token")
        if known is None and manner is not None:
            await stumble(ports, manner, "charge", reference)
    shown, new = await ports.together(_open_all, _Wish(reference, amount, token, return_url, manner))
    if new and manner is not None:
        await linger(ports, manner, "charge")
        if capture_too and shown["state"] == "authorized":
            return await capture(ports, shown["id"], f"{reference}.capture", int(shown["approved"]))
    return shown


async def _open_all(ports: Ports, asked: Sequence[Asked[_Wish]]) -> list[tuple[Charge, bool] | Exception]:
    """New charges, and whether they are; of one reference the first is made and the others find it."""
    first: dict[str, int] = {}
    for place, each in enumerate(asked):
        if each.wish.manner is not None:
            first.setdefault(each.wish.reference, place)
    made = {reference: _new(ports, asked[place].wish) for reference, place in first.items()}
    ids = await storage.open_charges(ports.db, [new for new, _ in made.values()]) if made else set()
    if ids:
        ports.due["webhooks"].ring()
    told: dict[int, tuple[Charge, bool] | Exception] = {
        first[reference]: (shown, True) for reference, (new, shown) in made.items() if new.id in ids
    }
    rest = {place: each.wish for place, each in enumerate(asked) if place not in told}
    if rest:
        known = await storage.by_references(ports.db, {wish.reference for wish in rest.values()})
        for place, wish in rest.items():
            told[place] = await _known(ports, known[wish.reference], wish.amount)
    return [told[place] for place in range(len(asked))]


async def _known(ports: Ports, row: Any, amount: Money) -> tuple[Charge, bool] | Exception:
    if Money(row["amount"], row["currency"]) != amount:
        return Conflict("this reference stands for another amount", code="reference_reused")
    return await showing.with_refunds(ports.db, row), False


def _new(ports: Ports, wish: _Wish) -> tuple[NewCharge, Charge]:
    """A charge to be written down, and how it is shown."""
    assert wish.manner is not None
    behaves, asked = domain.TOKENS[wish.manner], wish.amount.amount
    refusal = behaves.refuses("charge")
    if behaves.confirm and not wish.return_url:
        refusal = "authentication_required"  # the merchant has nobody to send here
    waits, id = behaves.confirm and not refusal, ports.ids.new("tb")
    row: dict[str, Any] = {
        "id": id,
        "merchant_key": wish.reference,
        "amount": asked,
        "approved": 0 if refusal or waits else max(1, asked - behaves.partial),
        "currency": wish.amount.currency,
        "state": "declined" if refusal else "requires_action" if waits else "authorized",
        "captured": 0,
        "refunded": 0,
        "reason": refusal or None,
        "created_at": ports.clock.now(),
        "action": f"{ports.settings.origin}/bank/confirm/{id}/{confirm_secret(ports.settings, id)}" if waits else None,
    }
    shown = showing.shown(row, ())
    event_id, body = showing.event(ports, shown, row["state"])
    new = NewCharge(
        id=row["id"],
        reference=wish.reference,
        amount=asked,
        approved=row["approved"],
        currency=wish.amount.currency,
        token=wish.token,
        manner=wish.manner,
        state=row["state"],
        reason=row["reason"],
        created_at=row["created_at"],
        event_id=event_id,
        body=body,
        action=row["action"],
        return_url=wish.return_url,
    )
    return new, shown


async def look_up(ports: Ports, reference: str) -> Charge:
    """NotFound when nothing was ever asked by this reference."""
    row = await storage.by_reference(ports.db, reference)
    if row is None:
        raise NotFound("there is no charge by this reference", code="no_such_charge")
    return await showing.with_refunds(ports.db, row)


async def void_by_reference(ports: Ports, charge_reference: str, reference: str, amount: Money) -> Charge:
    """See to it that nothing is ever held by `charge_reference`: void it, or, unknown as yet, refuse it for good."""
    row = await storage.by_reference(ports.db, charge_reference)
    if row is None:
        await storage.refuse_charge(ports.db, ports.ids.new("tb"), charge_reference, amount.amount, amount.currency)
        row = await storage.by_reference(ports.db, charge_reference)
    assert row is not None
    return await void(ports, row["id"], reference)
