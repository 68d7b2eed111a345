"""How every intake takes records over from an old shop and hands them back: newest wins, each by itself, nothing is lost.

Taking. A service's `intake` says for each kind of record how it is read and written (`Kind`); the rest is here. A batch
is one transaction with a few statements. In it a record's version is noted in `taken`, only ever upwards, so a record
offered twice, late or out of order changes nothing. What cannot be taken is left out, with the reason in plain words;
when the database itself refuses something, the batch is halved until whoever it was stands alone.

Whose (I1). Records are the old shop's writes, so they are taken while the old shop is the owner, or before anybody said
who is. Once the service is ours they are refused, loudly, for a human to look at: the fence on the old side makes
sure that there are none. One exception is harmless: what is neither here nor was ever taken cannot overwrite anything
of ours, so what waited in quarantine during a cutover can still come. Version numbers alone would not do: what a
shopper changed here has no version, and must win over every record from before.

The way back (I8). Not all of a record has a place here, and some of it is kept in another form: a slug was made, a blank
cut off. What differs is kept beside the version (`bent`), and when the record is asked for again, each part that is
still as it was then is given as it came. So what nobody changed goes back byte for byte.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import asyncpg

from banyan.contracts.legacy import Fate, Fates, Handed, Outcome, Record
from banyan.foundation import tenure
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Invalid

R = TypeVar("R", bound=Any)
Json = dict[str, Any]

_MOST_IDS = 5_000
_KNOWN = "SELECT id, version, kept FROM taken WHERE kind = $1 AND id = ANY($2) ORDER BY id"
_NOTE = """
INSERT INTO taken AS t (kind, id, version, kept)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::jsonb[]) AS new (id, version, kept) ORDER BY id
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, kept = excluded.kept, at = shop_now()
WHERE t.version < excluded.version OR $5 AND t.version = excluded.version"""
# What the database refuses of a record that looked well: a constraint, or a value that a type cannot hold.
_REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.ProgramLimitExceededError)


@dataclass(frozen=True, slots=True)
class Left:
    """A record that is not taken, and why."""

    outcome: Outcome
    why: str


def refused(why: str) -> Left:
    return Left(Outcome.REFUSED, why)


def waits(why: str) -> Left:
    return Left(Outcome.WAITS, why)


@dataclass(frozen=True, slots=True)
class Offer(Generic[R]):
    """A record that is to be taken, and how it is here before that; None where there is no such thing."""

    record: R
    before: R | None


def bent(given: Json, here: Json) -> Json:
    """What of a record is here in another form than it came in."""
    return {"bent": list(_differences((), given, here))}


def straightened(now: Json, kept: Json) -> Json:
    """The record as it is now, but with every part as it came that is still as it was made of it then."""
    for part in kept.get("bent", ()):
        _straighten(now, part)
    return now


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """How one kind of record is taken and handed back.

    `read` gives records as they are here, with version 0. `write` writes those offered and answers which it left, all
    decided before it writes. `gone` is the record of something that was here and is no more. `words` says of a
    constraint by name what it means. Those not named here do for most kinds.
    """

    name: str
    read: Callable[[Tx, Sequence[str]], Awaitable[dict[str, R]]]
    write: Callable[[Ports, Tx, Sequence[Offer[R]]], Awaitable[Mapping[str, Left]]]
    gone: Callable[[str], R]
    words: Mapping[str, str]
    bend: Callable[[Json, Json], Json] = bent
    straighten: Callable[[Json, Json], Json] = straightened


class Overtaken(Exception):
    """Someone else took a newer version meanwhile; nothing was done."""


async def take(ports: Ports, kinds: Sequence[Kind[Any]], records: Sequence[Any], *, again: bool = False) -> Fates:
    """Take these over, kind by kind in the order of `kinds`, whatever others come to. `again`: equal versions too.

    Unavailable: nothing, or whole kinds, were taken; ask again.
    """
    fates: dict[int, Left | None] = {}
    for kind in kinds:
        mine = [place for place, record in enumerate(records) if record.kind == kind.name]
        fates |= await _take_kind(ports, kind, {place: records[place] for place in mine}, again)
    told = []
    for place, record in enumerate(records):
        left = fates.get(place, refused(f"this is no place for a record of kind {record.kind}"))
        outcome, why = (left.outcome, left.why) if left else (Outcome.TAKEN, "")
        told.append(Fate(kind=record.kind, id=record.id, outcome=outcome, why=why))
    return Fates(fates=tuple(told))


async def hand_over(ports: Ports, kinds: Sequence[Kind[Any]], name: str, ids: Sequence[str]) -> Handed:
    """These records as they are here, `version` the last one taken or 0. What is gone has `removed`; ids that nobody
    ever knew here are absent. Invalid for a kind that is kept elsewhere."""
    kind = next((each for each in kinds if each.name == name), None)
    if kind is None or len(ids) > _MOST_IDS:
        raise Invalid(f"ask for at most {_MOST_IDS} records of {', '.join(each.name for each in kinds)}")
    asked = [each for each in dict.fromkeys(ids) if keepable(each) is None]
    async with ports.db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")  # both as of one moment
        here, known = await kind.read(tx, asked), await _known(tx, kind.name, asked)
    found = (_handed(kind, each, here.get(each), known.get(each)) for each in asked)
    return Handed(records=tuple(record for record in found if record is not None))


def keepable(part: object) -> str | None:
    """What in a text or number, or in anything made of these, PostgreSQL cannot hold; None for nothing."""
    if isinstance(part, int):
        return None if abs(part) < 1 << 63 else "a number that is too large"
    if isinstance(part, str):
        if "\0" in part:
            return "a NUL character"
        return None if part.isascii() or not any("\ud800" <= each <= "\udfff" for each in part) else "broken characters"
    if isinstance(part, Mapping):
        return next((found for name, each in part.items() if (found := keepable(name) or keepable(each))), None)
    if isinstance(part, list | tuple):
        return next((found for each in part if (found := keepable(each))), None)
    return None


async def _take_kind(ports: Ports, kind: Kind[R], offered: dict[int, R], again: bool) -> dict[int, Left | None]:
    """Of several versions of one record only the newest counts."""
    newest: dict[str, int] = {}
    fates: dict[int, Left | None] = {}
    for place, record in offered.items():
        wrong = keepable(record.model_dump()) or (None if abs(record.version) < 1 << 62 else "no version")
        if wrong:
            fates[place] = refused(f"it holds {wrong}, which cannot be kept")
        elif record.id not in newest or record.version > offered[newest[record.id]].version:
            newest[record.id] = place
    took = await _take_some(ports, kind, [offered[place] for place in newest.values()], again)
    for place, record in offered.items():
        if place not in fates:
            newer = newest[record.id] != place
            fates[place] = Left(Outcome.STALE, "a newer one was offered with it") if newer else took[record.id]
    return fates


async def _take_some(ports: Ports, kind: Kind[R], records: Sequence[R], again: bool) -> dict[str, Left | None]:
    if not records:
        return {}
    try:
        return await ports.db.retrying(partial(_in_one, ports, kind, records, again))
    except (*_REFUSED, Overtaken) as error:
        if len(records) > 1:
            half = len(records) // 2
            first = await _take_some(ports, kind, records[:half], again)
            return first | await _take_some(ports, kind, records[half:], again)
        return {records[0].id: _told(kind, error)}


def _told(kind: Kind[R], error: Exception) -> Left:
    if isinstance(error, Overtaken):
        return waits("another version of it was taken at the same moment")
    constraint = getattr(error, "constraint_name", None) or ""
    return refused(kind.words.get(constraint, f"the database refuses it: {error}"[:300]))


async def _in_one(ports: Ports, kind: Kind[R], records: Sequence[R], again: bool, tx: Tx) -> dict[str, Left | None]:
    standing = await tenure.taking(tx)
    known = await _known(tx, kind.name, [record.id for record in records], lock=True)
    before = await kind.read(tx, [record.id for record in records])
    fates: dict[str, Left | None] = {}
    offers = []
    for record in records:
        if left := _not_now(record, known.get(record.id), record.id in before, standing, again):
            fates[record.id] = left
        else:
            offers.append(Offer(record, before.get(record.id)))
    if offers:
        left_out = await kind.write(ports, tx, offers)
        took = [offer.record for offer in offers if offer.record.id not in left_out]
        await _note(tx, kind, took, again)
        fates |= {offer.record.id: left_out.get(offer.record.id) for offer in offers}
    return fates


def _not_now(
    record: Any, known: tuple[int, Json] | None, here: bool, standing: tenure.Standing, again: bool
) -> Left | None:
    if known and (record.version < known[0] or (record.version == known[0] and not again)):
        return Left(Outcome.STALE, f"version {known[0]} was taken before")
    if not standing.legacys and (known or here):
        return refused(
            f"this shop owns it since epoch {standing.epoch}: what the old shop wrote after that is not taken over"
        )
    return None


async def _note(tx: Tx, kind: Kind[R], took: Sequence[R], again: bool) -> None:
    """Keep the versions, with what of each record is here in another form. Overtaken when somebody was quicker."""
    if not took:
        return
    after = await kind.read(tx, [record.id for record in took])
    kept = []
    for record in took:
        given, here = _plain(record), after.get(record.id)
        if here is None and not (given.get("removed") or given.get("closed")):
            raise Overtaken
        kept.append({"gone": given} if here is None else kind.bend(given, _plain(here)))
    ids, versions = [record.id for record in took], [record.version for record in took]
    if await tx.execute(_NOTE, kind.name, ids, versions, kept, again) < len(took):
        raise Overtaken


async def _known(tx: Tx, kind: str, ids: Sequence[str], *, lock: bool = False) -> dict[str, tuple[int, Json]]:
    rows = await tx.fetch(_KNOWN + (" FOR UPDATE" if lock else ""), kind, list(ids))
    return {row["id"]: (row["version"], row["kept"]) for row in rows}


def _handed(kind: Kind[R], id: str, here: R | None, known: tuple[int, Json] | None) -> Record | None:
    if here is None:
        if known is None:
            return None
        return _read_again(kind.gone(id), known[1].get("gone") or _plain(kind.gone(id)), known[0])
    if known is None:
        return here
    return _read_again(here, kind.straighten(_plain(here), known[1]), known[0])


def _read_again(like: Any, plain: Json, version: int) -> Record:
    read: Record = type(like).model_validate({**plain, "version": version})
    return read


def _plain(record: Any) -> Json:
    plain: Json = record.model_dump(mode="json", exclude={"version"})
    return plain


# ---- where two forms of a record differ --------------------------------------------------------------------------
# A place is a list of steps: names in an object, ids in a list of things that have one, and "" for the order of these.


def _differences(at: tuple[str, ...], given: Any, here: Any) -> list[Json]:
    if isinstance(given, dict) and isinstance(here, dict):
        names = list(dict.fromkeys([*given, *here]))
        return [part for name in names for part in _member(at, name, given, here)]
    if _listed(given) and _listed(here):
        ours = {each["id"]: each for each in here}
        parts = [
            part for each in given if each["id"] in ours
            for part in _differences((*at, each["id"]), each, ours[each["id"]])
        ]  # fmt: skip
        orders = [[each["id"] for each in side] for side in (given, here)]
        return parts if orders[0] == orders[1] else [*parts, {"at": [*at, ""], "given": orders[0], "here": orders[1]}]
    return [] if given == here else [{"at": list(at), "given": given, "here": here}]


def _member(at: tuple[str, ...], name: str, given: Json, here: Json) -> list[Json]:
    if name in given and name in here:
        return _differences((*at, name), given[name], here[name])
    side = {"given": given[name]} if name in given else {"here": here[name]}
    return [{"at": [*at, name], **side}]


def _listed(part: object) -> bool:
    return isinstance(part, list) and bool(part) and all(isinstance(each, dict) and "id" in each for each in part)


def _straighten(now: Any, part: Json) -> None:
    *steps, last = part["at"]
    for step in steps:
        now = _step(now, step)
        if now is None:
            return
    if isinstance(now, list):
        if last == "" and [each["id"] for each in now] == part["here"]:
            now.sort(key=lambda each: part["given"].index(each["id"]))
    elif (last in now) == ("here" in part) and now.get(last) == part.get("here"):
        if "given" in part:
            now[last] = part["given"]
        else:
            del now[last]


def _step(now: Any, step: str) -> Any:
    if isinstance(now, list):
        return next((each for each in now if isinstance(each, dict) and each.get("id") == step), None)
    return now.get(step) if isinstance(now, dict) else None
