"""What is done to a charge: each deed once by its reference, with its entries and its webhook.

Captures and voids of charges that hold money go many in one statement; what is special in any way goes by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.foundation.db import Row, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, NotFound
from banyan.testbank import domain, storage
from banyan.testbank.actions import showing
from banyan.testbank.actions.showing import Charge
from banyan.testbank.actions.troubles import linger, stumble
from banyan.testbank.domain import NewDeed, Step

_FACTS = {"capture": "captured", "void": "voided", "refund": "refunded"}


@dataclass(frozen=True, slots=True)
class _Deed:
    charge_id: str
    reference: str
    step: Step
    amount: int


async def capture(ports: Ports, charge_id: str, reference: str, amount: int) -> Charge:
    """Take what is held, or part of it; the rest goes back. Conflict when it is not held."""
    return await _do(ports, _Deed(charge_id, reference, "capture", amount))


async def refund(ports: Ports, charge_id: str, reference: str, amount: int) -> Charge:
    """Give back part of what was taken. Conflict when that is more than is left of it."""
    return await _do_alone(ports, _Deed(charge_id, reference, "refund", amount))


async def void(ports: Ports, charge_id: str, reference: str) -> Charge:
    """Let go of what is held; a charge that holds nothing stays as it is. Conflict when it was captured."""
    return await _do(ports, _Deed(charge_id, reference, "void", 0))


async def _do(ports: Ports, deed: _Deed) -> Charge:
    shown = await ports.together(_do_plain_ones, deed)
    return shown if shown is not None else await _do_alone(ports, deed)


async def _do_plain_ones(ports: Ports, asked: Sequence[Asked[_Deed]]) -> list[Charge | Exception | None]:
    """Do what can be done to charges as they stand; None for a deed that must be looked at by itself."""
    new: dict[str, tuple[int, NewDeed, Charge]] = {}  # by charge: of two deeds the second waits
    references = set[str]()
    deeds = [each.wish for each in asked]
    found = await storage.with_deeds(ports.db, [(each.charge_id, each.reference) for each in deeds])
    for place, (deed, (row, taken)) in enumerate(zip(deeds, found, strict=True)):
        twice = deed.charge_id in new or deed.reference in references
        if row is not None and not taken and not twice and _is_plain(deed, row):
            references.add(deed.reference)
            new[deed.charge_id] = (place, *_new(ports, deed, row))
    done = await storage.do_all(ports.db, [each for _, each, _ in new.values()]) if new else None
    if done:
        ports.due["webhooks"].ring()
    told: dict[int, Charge] = {place: shown for id, (place, _, shown) in new.items() if id in (done or ())}
    return [told.get(place) for place in range(len(asked))]


def _is_plain(deed: _Deed, row: Row) -> bool:
    """Whether the charge holds money that this fits, and its token asks for no trouble and no refusal."""
    behaves = domain.TOKENS[row["manner"]]
    fits = row["state"] == "authorized" and deed.amount <= row["approved"]
    return fits and not (behaves.troubles(deed.step) or behaves.refuses(deed.step))


def _new(ports: Ports, deed: _Deed, row: Row) -> tuple[NewDeed, Charge]:
    """The deed to be done, and how the charge is shown after it."""
    state = _FACTS[deed.step]
    after = showing.shown({**row, "state": state, "captured": deed.amount}, ())
    event_id, body = showing.event(ports, after, state)
    new = NewDeed(
        charge_id=deed.charge_id,
        reference=deed.reference,
        kind=deed.step,
        amount=deed.amount,
        state=state,
        captured=deed.amount,
        currency=row["currency"],
        moved=domain.movements(deed.step, deed.amount, int(row["approved"])),
        event_id=event_id,
        body=body,
    )
    return new, after


async def _do_alone(ports: Ports, deed: _Deed) -> Charge:
    row = await storage.by_id(ports.db, deed.charge_id)
    if row is None:
        raise NotFound("there is no such charge", code="no_such_charge")
    await stumble(ports, row["manner"], deed.step, deed.reference)
    async with ports.db.transaction() as tx:
        if not await storage.claim_deed(tx, deed.reference, deed.charge_id, deed.step, deed.amount):
            done = await storage.deed(tx, deed.reference)
            if done is None or (done["charge_id"], done["kind"], done["amount"]) != (
                deed.charge_id,
                deed.step,
                deed.amount,
            ):
                raise Conflict("this reference stands for something else", code="reference_reused")
            return await _as_it_is(tx, deed)  # read again: the deed may have been done since
        if refusal := domain.TOKENS[row["manner"]].refuses(deed.step):
            raise Conflict(f"the {deed.step} is refused", code=refusal)
        moved = await _move(tx, row, deed)
        shown = await _as_it_is(tx, deed)
        if moved:
            await storage.queue_webhook(tx, *showing.event(ports, shown, _FACTS[deed.step]))
    ports.due["webhooks"].ring()
    await linger(ports, row["manner"], deed.step)
    return shown


async def _as_it_is(tx: Tx, deed: _Deed) -> Charge:
    now = await storage.by_id(tx, deed.charge_id)
    assert now is not None
    return await showing.with_refunds(tx, now)


async def _move(tx: Tx, row: Row, deed: _Deed) -> bool:
    """The deed itself, by a conditional update; whether any money moved. Conflict when it does not fit."""
    if deed.step == "capture":
        fits = await storage.capture(tx, row["id"], deed.amount)
    elif deed.step == "refund":
        fits = await storage.refund(tx, row["id"], deed.amount)
    else:
        fits = await storage.void(tx, row["id"])
    if not fits:
        now = await storage.by_id(tx, row["id"])
        assert now is not None
        if deed.step == "void" and now["state"] in ("voided", "declined"):
            return False
        raise Conflict(f"a charge that is {now['state']} cannot have this {deed.step}", code=f"charge_{now['state']}")
    moved = domain.movements(deed.step, deed.amount, int(row["approved"]))
    await storage.enter(tx, f"{deed.step} {deed.reference}", row["id"], row["currency"], moved)
    return True
