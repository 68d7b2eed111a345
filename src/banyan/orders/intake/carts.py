"""Carts of a legacy shop: what is in them by SKU, with what the catalogue says of it now."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from functools import partial

from banyan.contracts.catalog import AskItems, Item
from banyan.contracts.legacy import CartLineRecord, CartRecord, CartsTouched, Touched
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Json, Kind, Left, Offer, bent, keepable, refused, waits
from banyan.kernel.refusals import Invalid, Refusal
from banyan.orders.actions.reaching import hashed, is_cart_id
from banyan.orders.domain.cart import MOST_LINES, MOST_UNITS
from banyan.orders.storage import taking
from banyan.orders.storage.taking import TakenCart

Items = Mapping[str, Item]
MARGIN = timedelta(minutes=1)  # longer than a transaction lasts
_MOST = 5000
_MARK = "ct_"


async def items(ports: Ports, records: Sequence[CartRecord]) -> Items | None:
    """What the catalogue knows of all their SKUs; None where it does not answer."""
    skus = dict.fromkeys(line.sku for record in records if not record.removed for line in record.lines)
    if not (asked := tuple(sku for sku in skus if keepable(sku) is None)):
        return {}
    try:
        found = await ports.peers.ask(AskItems(skus=asked, currency=ports.settings.currency))
    except Refusal:
        return None
    return {item.sku: item for item in found.items}


async def touched(ports: Ports, call: CartsTouched) -> Touched:
    """Answer CartsTouched. Invalid for a number of carts that is none."""
    if not 1 <= call.most <= _MOST:
        raise Invalid(f"ask for 1 to {_MOST} carts at once")
    since = call.since if call.since.tzinfo else call.since.replace(tzinfo=UTC)
    found = await taking.touched(ports.db, since, call.most)
    last = found[-1][1] if len(found) == call.most else ports.clock.now()
    # Where more than a full answer was touched within the margin, going back by it would go round for ever.
    until = last if len(found) == call.most and last - MARGIN <= since else last - MARGIN
    marks: dict[str, str] = {}
    for id, _, mark in found:  # a record that several carts have stood for has the marks of all
        marks[id] = f"{marks[id]}, {mark}" if id in marks else mark
    return Touched(ids=tuple(marks), marks=tuple(marks.values()), until=max(since, until))


def cart(known: Items | None) -> Kind[CartRecord]:
    """How carts are taken, given what the catalogue said of their SKUs."""
    return Kind(
        name="cart",
        read=_read,
        write=partial(_write, known),
        gone=lambda id: CartRecord(id=id, version=0, removed=True),
        words={"cart_token": "its token is that of another cart"},
        bend=_bend,
    )


def without_token(record: CartRecord) -> CartRecord:
    """A token is kept nowhere; of a cart that is gone not even its hash."""
    return record.model_copy(update={"token": None})


async def _read(tx: Tx, ids: Sequence[str]) -> dict[str, CartRecord]:
    return {
        id: CartRecord(
            id=id,
            version=0,
            user_id=row["user_id"],
            lines=tuple(CartLineRecord(sku=sku, quantity=quantity) for sku, quantity in row["lines"]),
        )
        for id, row in (await taking.carts(tx, ids)).items()
    }


def _bend(given: Json, here: Json) -> Json:
    return bent({**given, "token": None}, here)


async def _write(known: Items | None, ports: Ports, tx: Tx, offers: Sequence[Offer[CartRecord]]) -> dict[str, Left]:
    records = {offer.record.id: offer.record for offer in offers}
    left = {id: why for id, record in records.items() if (why := _left(record, known))}
    wanted = [record for id, record in sorted(records.items()) if id not in left]
    there = await taking.hold_carts(tx, [record.id for record in wanted])
    removed = [record.id for record in wanted if record.removed]
    await taking.remove_carts(tx, [there[id].cart_id for id in removed if id in there and there[id].open])
    # A cart that was ordered here stays its order's; the record's next lines go into a cart of their own.
    closed = [id for id, found in there.items() if not found.open]
    await taking.detach_carts(tx, [there[id].cart_id for id in closed])
    carts = []
    for record in wanted:
        if not record.removed:
            fresh = ports.ids.new("crt") if record.id in closed else record.id
            cart_id = there[record.id].cart_id if record.id in there and record.id not in closed else fresh
            carts.append(_kept(record, cart_id, known or {}, ports))
    await taking.write_carts(tx, carts)
    return left


def _left(record: CartRecord, known: Items | None) -> Left | None:
    if not is_cart_id(record.id):
        return refused("its id is not a cart's")
    if record.removed:
        return None
    if record.user_id is None and not record.token:
        return refused("it belongs to nobody: it has neither a user nor a token")
    if record.lines and known is None:
        return waits("the catalogue does not answer")
    unknown = [line.sku for line in record.lines if line.sku not in (known or {})]
    return waits(f"the catalogue does not know {', '.join(unknown[:5])} yet") if unknown else None


def _as_brought(token: str | None) -> str | None:
    """A browser brings its cart's token with a mark before it (foundation.auth); a legacy session has none."""
    return token if not token or token.startswith(_MARK) else _MARK + token


def _kept(record: CartRecord, cart_id: str, known: Items, ports: Ports) -> TakenCart:
    """A legacy shop may have a SKU on several lines, and lines as long as it likes."""
    units: dict[str, int] = {}
    for line in record.lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    lines = [(sku, min(MOST_UNITS, quantity)) for sku, quantity in units.items() if quantity > 0][:MOST_LINES]
    return TakenCart(
        cart_id=cart_id,
        taken_as=record.id,
        user_id=record.user_id,
        token_hash=hashed(_as_brought(record.token)),
        currency=ports.settings.currency,
        lines=tuple((ports.ids.new("lin"), sku, quantity, known[sku]) for sku, quantity in lines),
    )
