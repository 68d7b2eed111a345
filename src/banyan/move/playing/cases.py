"""Writes to be judged, and how they compare. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from banyan.contracts.legacy import CartRecord, Customer
from banyan.foundation.db import Row as DbRow
from banyan.move.doors.desk import Desk, Said
from banyan.move.legacy import Ref


@dataclass(slots=True)
class Case:
    """A write to be judged: whose it is, and which aggregate it may change; none where nobody is signed in."""

    row: DbRow
    whose: str
    ref: Ref | None
    said: Said | None = None
    touched: set[str] = field(default_factory=set)  # fields that our door changed

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def door(self) -> str:
        return str(self.row["door"])


@dataclass(slots=True)
class Verdict:
    """How some writes of one aggregate compare: field → how it differs; `unclear` where that cannot be told."""

    wrong: dict[str, str] = field(default_factory=dict)
    unclear: str = ""
    nothing: bool = False  # the legacy shop changed nothing
    taken: bool = False  # changes since the request began were given to writes that were judged before
    early: bool = False  # a change came in just before the request, as far as clocks agree


def held(desk: Desk, ref: Ref | None) -> Customer | CartRecord | None:
    return desk.cart if ref is not None and ref.kind == "cart" else desk.customer


def put(desk: Desk, ref: Ref | None, was: Customer | CartRecord | None) -> None:
    """What the legacy shop refused, and ours would have done: said once, and undone before the next is played."""
    if ref is not None and ref.kind == "cart":
        desk.cart = was if isinstance(was, CartRecord) else None
    else:
        desk.customer = was if isinstance(was, Customer) else None


def shared_out(cases: Sequence[Case], wrong: dict[str, str]) -> dict[str, dict[str, str]]:
    """Each difference with the write it is of: the last whose door changes that field; the last one else."""
    found: dict[str, dict[str, str]] = {case.id: {} for case in cases}
    for name, how in wrong.items():
        plain, _, id = name.partition(":")
        if id:
            found[id][plain] = how
            continue
        case = next((each for each in reversed(cases) if plain in each.touched), cases[-1])
        found[case.id][plain] = how
    return found
