"""Every edit of a cart goes the same way: worked out from what was read, looked at, written while it still is so, answered.

Edits that come at the same time are written together, several of one cart one after another. Where a cart was changed
between the look and the write, its edits are worked out again with the cart held.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import orjson

from banyan.foundation import idempotency
from banyan.foundation.db import AGAIN, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.web import etag, must_match
from banyan.kernel.refusals import Invalid, Refusal
from banyan.orders.actions.reaching import closed
from banyan.orders.domain.cart import MOST_LINES, Cart, CartStatus, Look, World, look
from banyan.orders.domain.showing import CartJson, shown
from banyan.orders.storage import carts, many_carts

Change = Callable[[Cart], tuple[Cart, int]]
"""What becomes of the cart, and the HTTP status that tells what was done; raises a Refusal."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of an open cart, which is given as it was read, in a world as it was found."""

    cart: Cart
    world: World
    change: Change
    key: Key | None = None
    if_match: str | None = None


async def edit(
    ports: Ports, cart: Cart, world: World, change: Change, *, key: Key | None = None, if_match: str | None = None
) -> Answer:
    """Change an open cart; the answer is the cart as it is then."""
    return await ports.together(edit_many, Edit(cart, world, change, key, if_match))


async def edit_many(ports: Ports, asked: Sequence[Asked[Edit]]) -> list[Answer | Exception]:
    """A round of edits: each has its answer or refusal, as if they had come one after another."""
    edits = [each.wish for each in asked]
    told = dict[int, Answer | Exception]()
    with suppress(*AGAIN):  # nothing was written then
        told |= await _as_read(ports, edits)
    while left := [place for place in range(len(edits)) if place not in told]:
        told |= await _rest(ports, edits, left)
    return [told[place] for place in range(len(edits))]


async def seen(tx: Tx, cart: Cart, world: World, *, tax_included: bool) -> CartJson:
    """The cart as the shopper gets it, remembered as such."""
    looked = look(cart, world, tax_included=tax_included)
    if looked.news and not looked.stale:
        await carts.remember(tx, cart, looked.lines, looked.price.total.amount)
    return shown(looked, world)


def as_bytes(cart: CartJson) -> bytes:
    return orjson.dumps(cart, option=orjson.OPT_UTC_Z)


@dataclass(slots=True)
class _Course:
    """What a round makes of one cart. `told`: by the place of an edit, how it went."""

    before: Cart
    now: Cart
    told: dict[int, tuple[int, Look, World] | Refusal] = field(default_factory=dict)
    full: bool = False  # nothing more in this round

    def take(self, place: int, edit: Edit, *, tax_included: bool) -> None:
        if self.full:
            return
        try:
            status, looked = _changed(self.now, edit, tax_included)
        except Refusal as refusal:
            self.told[place] = refusal
            return
        self.told[place] = status, looked, edit.world
        after = looked.cart
        self.full = len(after.lines) < len(self.now.lines)  # what is gone may come back, which takes another write
        if looked.news and not looked.stale:
            after = replace(after, lines=looked.lines, seen_total=looked.price.total.amount)
        self.now = after

    def answers(self, expires_at: datetime) -> dict[int, Answer | Exception]:
        return {place: _answer(step, expires_at) for place, step in self.told.items()}


def _changed(cart: Cart, edit: Edit, tax_included: bool) -> tuple[int, Look]:
    if cart.status is not CartStatus.OPEN:
        raise closed(cart)
    if edit.if_match is not None:
        must_match(edit.if_match, cart.version)
    after, status = edit.change(cart)
    if len(after.lines) > MOST_LINES:
        raise Invalid(f"a cart has at most {MOST_LINES} lines", code="too_many_lines")
    return status, look(replace(after, version=cart.version + 1), edit.world, tax_included=tax_included)


def _answer(step: "tuple[int, Look, World] | Refusal", expires_at: datetime) -> Answer | Exception:
    if isinstance(step, Refusal):
        return step
    status, looked, world = step
    body = as_bytes({**shown(looked, world), "expires_at": expires_at})
    return Answer(status, body, headers=(("etag", etag(looked.cart.version)),))


def _courses(ports: Ports, edits: Sequence[Edit], places: Sequence[int], read: Mapping[str, Cart]) -> list[_Course]:
    """Work out the edits at these places, in their order, from the carts as they were read."""
    courses = dict[str, _Course]()
    for place in places:
        edit = edits[place]
        cart = read.get(edit.cart.id, edit.cart)
        course = courses.setdefault(cart.id, _Course(cart, cart))
        course.take(place, edit, tax_included=ports.settings.prices_include_tax)
    return list(courses.values())


def _first_of_each_key(edits: Sequence[Edit], places: Sequence[int]) -> list[int]:
    """Of edits with the same key one at a time, so that the next finds what it was told."""
    firsts = dict[object, int]()
    for place in places:
        key = edits[place].key
        firsts.setdefault(key.name if key else place, place)
    return list(firsts.values())


def _told(courses: Sequence[_Course], written: Mapping[str, datetime]) -> dict[int, Answer | Exception]:
    """The answers of a round: of carts whose change stands, and of those where there was none to write."""
    told = dict[int, Answer | Exception]()
    for course in courses:
        if course.now is course.before or course.before.id in written:
            told |= course.answers(written.get(course.before.id, course.before.expires_at))
    return told


async def _as_read(ports: Ports, edits: Sequence[Edit]) -> dict[int, Answer | Exception]:
    """Write the edits of carts that still are as they were read; in one statement where nobody sent a key."""
    newest = dict[str, Cart]()
    for edit in edits:
        if edit.cart.id not in newest or newest[edit.cart.id].version <= edit.cart.version:
            newest[edit.cart.id] = edit.cart
    courses = _courses(ports, edits, _first_of_each_key(edits, range(len(edits))), newest)
    news = _news(courses)
    if not any(edit.key for edit in edits):
        return _told(courses, await many_carts.write(ports.db, news))
    async with ports.db.transaction() as tx:
        told = _told(courses, await many_carts.write(tx, news))
        await _keep(tx, edits, told)
    return told


async def _rest(ports: Ports, edits: Sequence[Edit], left: Sequence[int]) -> dict[int, Answer | Exception]:
    """Edits that could not be written as their carts were read. Others of the round stand: no exception leaves this."""
    try:
        return await ports.db.retrying(partial(_held, ports, edits, left))
    except Exception as error:
        if len(left) == 1 or isinstance(error, Refusal):
            return dict.fromkeys(left, error)
    told = dict[int, Answer | Exception]()
    for place in left:
        told |= await _rest(ports, edits, [place])
    return told


async def _held(ports: Ports, edits: Sequence[Edit], left: Sequence[int], tx: Tx) -> dict[int, Answer | Exception]:
    """Write what is left, at least one edit of each cart, with the carts held."""
    places = _first_of_each_key(edits, left)
    said = await idempotency.begin_many(tx, [edits[place].key for place in places])
    told = {place: kept for place, kept in zip(places, said, strict=True) if kept is not None}
    going = [place for place in places if place not in told]
    held = {cart.id: cart for cart in await carts.locked(tx, *{edits[place].cart.id for place in going})}
    gone = [place for place in going if edits[place].cart.id not in held]
    told |= {place: closed(edits[place].cart) for place in gone}
    courses = _courses(ports, edits, [place for place in going if place not in gone], held)
    news = _told(courses, await many_carts.write(tx, _news(courses)))
    await _keep(tx, edits, news)
    return told | news


def _news(courses: Sequence[_Course]) -> list[tuple[Cart, Cart]]:
    return [(course.before, course.now) for course in courses if course.now is not course.before]


async def _keep(tx: Tx, edits: Sequence[Edit], told: Mapping[int, Answer | Exception]) -> None:
    answers = [(edits[place].key, answer) for place, answer in told.items() if isinstance(answer, Answer)]
    await idempotency.keep_many(tx, [(key, answer) for key, answer in answers if key is not None])
