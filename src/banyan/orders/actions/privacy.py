"""What is kept of a person, told and forgotten; and older orders sealed, so that they can be forgotten."""

from typing import Any

from banyan.contracts.privacy import Documents, ForgetOrders, Forgotten, NameOrders, TellOrders
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Invalid
from banyan.orders.storage import events, orders, people

_AT_ONCE = 200  # orders of one transaction
_OF_A_CALL = 2000  # orders, so that it ends in time
_MOST = 5000
_SEALED_AT_ONCE = 50
_NOTHING_TO_SEAL = 3600.0  # seconds
_BREATH = 0.05


async def tell(ports: Ports, call: TellOrders) -> Documents:
    """Answer TellOrders."""
    who = call.person
    ids = await people.order_ids(ports.db, who.user_id, who.email, call.after, _asked(call.most))
    shown = {each["id"]: each for each in await orders.shown_many(ports.db, ids)}
    told = await events.told_many(ports.db, ids)
    items: dict[str, tuple[dict[str, Any], ...]] = {
        "orders": tuple({**shown[id], "events": told[id]} for id in ids if id in shown and id in told)
    }
    if not call.after:
        items["carts"] = tuple(dict(row) for row in await people.carts(ports.db, who.user_id, who.email))
    return Documents(items=items, after=ids[-1] if len(ids) == call.most else None)


async def name(ports: Ports, call: NameOrders) -> Forgotten:
    """Answer NameOrders."""
    who = call.person
    ids = await people.order_ids(ports.db, who.user_id, who.email, call.after, _asked(call.most))
    return Forgotten(done=len(ids) < call.most, order_ids=tuple(ids))


async def forget(ports: Ports, call: ForgetOrders) -> Forgotten:
    """Answer ForgetOrders. Asked again it goes on where it was; nothing is left of it when it is done."""
    who = call.person
    if going := await people.under_way(ports.db, who.user_id, who.email):
        return Forgotten(done=False, waits_for=f"{going} orders that are being settled")
    async with ports.db.transaction() as tx:  # first, so that no guest's cart becomes an order meanwhile
        await people.forget_carts(tx, who.user_id, who.email)
    gone = list[str]()
    while len(gone) < _OF_A_CALL:
        ids = await people.readable(ports.db, who.user_id, who.email, _AT_ONCE)
        if not ids:
            break
        async with ports.db.transaction() as tx:
            await people.destroy(tx, ports.ids, ids)
        gone += ids
    done = len(gone) < _OF_A_CALL
    if done:
        async with ports.db.transaction() as tx:
            await people.forget_answers(tx, who.user_id, who.email)
    return Forgotten(done=done, order_ids=tuple(gone))


async def seal_older(ports: Ports) -> float:
    """The chore: seal orders that were placed before there were keys; seconds until the next look."""
    after = ""
    while ids := await people.unsealed(ports.db, after, _SEALED_AT_ONCE):
        async with ports.db.transaction() as tx:
            await people.seal(tx, ports.ids, ids)
        after = ids[-1]
        await ports.clock.sleep(_BREATH)  # shoppers come first
    return _NOTHING_TO_SEAL


def _asked(most: int) -> int:
    if not 1 <= most <= _MOST:
        raise Invalid(f"ask for 1 to {_MOST} orders at once")
    return most
