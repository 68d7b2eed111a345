"""Charges: each deed once by its reference, in one transaction with its entries and its webhook."""

from typing import Any

from pydantic_core import to_json

from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, DeadlinePassed, Invalid, NotFound, Refusal
from banyan.testbank import domain, storage
from banyan.testbank.domain import Step, Trouble

Charge = dict[str, Any]
_FACTS = {"charge": "authorized", "capture": "captured", "void": "voided", "refund": "refunded"}


async def charge(ports: Ports, reference: str, amount: Money, token: str, *, capture_too: bool = False) -> Charge:
    """Hold the money (or refuse to: state `declined`). Conflict when the reference stands for something else."""
    known = await storage.by_reference(ports.db, reference)
    if known is None:
        manner = token if token in domain.TOKENS else await storage.manner_of_card(ports.db, token)
        if manner is None:
            raise Invalid("there is no such token", code="unknown_token")
        await _stumble(ports, manner, "charge", reference)
        if (fresh := await _open(ports, reference, amount, token, manner)) is not None:
            await _linger(ports, manner, "charge")
            if capture_too and fresh["state"] == "authorized":
                return await capture(ports, fresh["id"], f"{reference}.capture", int(fresh["approved"]))
            return fresh
        known = await storage.by_reference(ports.db, reference)
        assert known is not None
    if Money(known["amount"], known["currency"]) != amount:
        raise Conflict("this reference stands for another amount", code="reference_reused")
    return await _shown(ports.db, known)


async def _open(ports: Ports, reference: str, amount: Money, token: str, manner: str) -> Charge | None:
    """A new charge with its entries; None when somebody else wrote one by this reference meanwhile."""
    behaves = domain.TOKENS[manner]
    refusal = behaves.refuses("charge")
    approved = 0 if refusal else max(1, amount.amount - behaves.partial)
    async with ports.db.transaction() as tx:
        new = await storage.open_charge(
            tx,
            id=ports.ids.new("tb"),
            reference=reference,
            amount=amount.amount,
            approved=approved,
            currency=amount.currency,
            token=token,
            manner=manner,
            state="declined" if refusal else "authorized",
            reason=refusal or None,
        )
        if not new:
            return None
        row = await storage.by_reference(tx, reference)
        assert row is not None
        if not refusal:
            await storage.enter(
                tx, f"charge {reference}", row["id"], amount.currency, domain.movements("charge", 0, approved)
            )
        shown = await _told(ports, tx, row, "declined" if refusal else "authorized")
    ports.due["webhooks"].ring()
    return shown


async def look_up(ports: Ports, reference: str) -> Charge:
    """NotFound when nothing was ever asked by this reference."""
    row = await storage.by_reference(ports.db, reference)
    if row is None:
        raise NotFound("there is no charge by this reference", code="no_such_charge")
    return await _shown(ports.db, row)


async def capture(ports: Ports, charge_id: str, reference: str, amount: int) -> Charge:
    """Take what is held, or part of it; the rest goes back. Conflict when it is not held."""
    return await _do(ports, charge_id, reference, "capture", amount)


async def refund(ports: Ports, charge_id: str, reference: str, amount: int) -> Charge:
    """Give back part of what was taken. Conflict when that is more than is left of it."""
    return await _do(ports, charge_id, reference, "refund", amount)


async def void(ports: Ports, charge_id: str, reference: str) -> Charge:
    """Let go of what is held; a charge that holds nothing stays as it is. Conflict when it was captured."""
    return await _do(ports, charge_id, reference, "void", 0)


async def void_by_reference(ports: Ports, charge_reference: str, reference: str, amount: Money) -> Charge:
    """See to it that nothing is ever held by `charge_reference`: void it, or, unknown as yet, refuse it for good."""
    async with ports.db.transaction() as tx:
        await storage.open_charge(
            tx,
            id=ports.ids.new("tb"),
            reference=charge_reference,
            amount=amount.amount,
            approved=0,
            currency=amount.currency,
            token="",
            manner="tok_ok",
            state="voided",
            reason="voided_before_charge",
        )
        row = await storage.by_reference(tx, charge_reference)
    assert row is not None
    return await void(ports, row["id"], reference)


async def _do(ports: Ports, charge_id: str, reference: str, step: Step, amount: int) -> Charge:
    row = await storage.by_id(ports.db, charge_id)
    if row is None:
        raise NotFound("there is no such charge", code="no_such_charge")
    await _stumble(ports, row["manner"], step, reference)
    async with ports.db.transaction() as tx:
        if not await storage.claim_deed(tx, reference, charge_id, step, amount):
            done = await storage.deed(tx, reference)
            if done is None or (done["charge_id"], done["kind"], done["amount"]) != (charge_id, step, amount):
                raise Conflict("this reference stands for something else", code="reference_reused")
            return await _shown(tx, row)
        if refusal := domain.TOKENS[row["manner"]].refuses(step):
            raise Conflict(f"the {step} is refused", code=refusal)
        moved = await _move(tx, row, reference, step, amount)
        after = await storage.by_id(tx, charge_id)
        assert after is not None
        shown = await (_told(ports, tx, after, _FACTS[step]) if moved else _shown(tx, after))
    ports.due["webhooks"].ring()
    await _linger(ports, row["manner"], step)
    return shown


async def _move(tx: Tx, row: Row, reference: str, step: Step, amount: int) -> bool:
    """The deed itself, by a conditional update; whether any money moved. Conflict when it does not fit."""
    if step == "capture":
        fits = await storage.capture(tx, row["id"], amount)
    elif step == "refund":
        fits = await storage.refund(tx, row["id"], amount)
    else:
        fits = await storage.void(tx, row["id"])
    if not fits:
        now = await storage.by_id(tx, row["id"])
        assert now is not None
        if step == "void" and now["state"] in ("voided", "declined"):
            return False
        raise Conflict(f"a charge that is {now['state']} cannot have this {step}", code=f"charge_{now['state']}")
    await storage.enter(
        tx, f"{step} {reference}", row["id"], row["currency"], domain.movements(step, amount, int(row["approved"]))
    )
    return True


async def _shown(db: Db | Tx, row: Row) -> Charge:
    """A charge as the merchant sees it; read again, since a deed may have been done by the same request before."""
    now = await storage.by_id(db, row["id"])
    assert now is not None
    return {
        "id": now["id"],
        "reference": now["merchant_key"],
        "amount": now["approved"] or now["amount"],  # a merchant that does not look sells for less than it asked
        "approved": now["approved"],
        "currency": now["currency"],
        "state": now["state"],
        "captured": now["captured"],
        "refunded": now["refunded"],
        "refunds": [dict(each) for each in await storage.refunds(db, now["id"])],
        "reason": now["reason"],
        "created_at": now["created_at"],
    }


async def _told(ports: Ports, tx: Tx, row: Row, fact: str) -> Charge:
    """Queue the webhook of a change, in its transaction."""
    shown = await _shown(tx, row)
    event_id = ports.ids.new("tbe")
    event = {
        "id": event_id,
        "type": f"charge.{fact}",
        "merchant": "banyan",
        "created_at": ports.clock.now(),
        "charge": shown,
    }
    await storage.queue_webhook(tx, event_id, to_json(event).decode())
    return shown


async def _stumble(ports: Ports, manner: str, step: Step, reference: str) -> None:
    """Fail on purpose, with nothing done: the first times that tok_5xx is asked for something."""
    if domain.TOKENS[manner].troubles(step) is not Trouble.BROKEN:
        return
    async with ports.db.transaction() as tx:
        times = await storage.stumble(tx, f"{step} {reference}")
    if times <= domain.STUMBLES:
        raise Refusal("the bank stumbled over this token", status=500, code="stumbled")


async def _linger(ports: Ports, manner: str, step: Step) -> None:
    """Answer late, or too late, where the token asks for it; what was asked is done and committed by now."""
    trouble = domain.TOKENS[manner].troubles(step)
    if trouble is Trouble.SLOW:
        await ports.clock.sleep(domain.SLOW_SECONDS)
    elif trouble is Trouble.LOST:
        await ports.clock.sleep(domain.LOST_SECONDS)
        raise DeadlinePassed("the answer is lost")
