"""What an order's status means to us. It is found by what the shop calls it, since owners rename and add statuses.

In this order: what `settings["order_statuses"]` declares (id → our status), the English name, the installer's meaning of the
number, the shop's own lists of processing and complete statuses; what is left is `processing`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from banyan.move.legacy import Unwritable
from banyan.move.legacy.opencart import text
from banyan.move.rows import Row

Status = Literal["processing", "confirmed", "fulfilled", "cancelled", "refunded", "payment_failed"]

NAMES: dict[str, Status] = {
    "pending": "processing",
    "processing": "confirmed",
    "processed": "confirmed",
    "canceled reversal": "confirmed",
    "shipped": "fulfilled",
    "complete": "fulfilled",
    "completed": "fulfilled",
    "delivered": "fulfilled",
    "canceled": "cancelled",
    "cancelled": "cancelled",
    "voided": "cancelled",
    "denied": "payment_failed",
    "failed": "payment_failed",
    "expired": "payment_failed",
    "refunded": "refunded",
    "reversed": "refunded",
    "chargeback": "refunded",
}
INSTALLED: dict[int, Status] = {
    1: "processing",
    2: "confirmed",
    3: "fulfilled",
    5: "fulfilled",
    7: "cancelled",
    8: "payment_failed",
    9: "confirmed",
    10: "payment_failed",
    11: "refunded",
    12: "refunded",
    13: "refunded",
    14: "payment_failed",
    15: "confirmed",
    16: "cancelled",
}
"""What OpenCart's installer makes of the numbers."""
_FIRST: dict[str, int] = {
    "processing": 1,
    "confirmed": 2,
    "fulfilled": 5,
    "cancelled": 7,
    "refunded": 11,
    "payment_failed": 10,
}
VOIDED = 16


@dataclass(frozen=True)
class Statuses:
    names: Mapping[int, str]  # in the shop's language
    meant: Mapping[int, Status]
    ids: Mapping[str, int]  # every name in every language, compared without case

    @classmethod
    def of(
        cls,
        rows: Iterable[Row],
        language: int,
        *,
        processing: frozenset[int],
        complete: frozenset[int],
        declared: Mapping[object, object],
    ) -> "Statuses":
        said: dict[int, dict[int, str]] = {}
        for row in rows:
            said.setdefault(row.int("order_status_id"), {})[row.int("language_id")] = text.line(row.text("name"))
        names = {id: each.get(language) or next(iter(each.values())) for id, each in said.items()}
        ids = {name.casefold(): id for id, each in sorted(said.items(), reverse=True) for name in each.values()}
        wished = {int(str(id)): status for id, status in declared.items()}

        def meaning(id: int) -> Status:
            known: list[Status | None] = [
                *(each for each in get_args(Status) if each == wished.get(id)),
                *(NAMES.get(name.casefold()) for name in said.get(id, {}).values()),
                INSTALLED.get(id) if id in said else None,
                "fulfilled" if id in complete else "confirmed" if id in processing else None,
            ]
            return next((each for each in known if each), "processing")

        return cls(names, {id: meaning(id) for id in {*said, *wished, *processing, *complete}}, ids)

    def status(self, id: int) -> Status:
        return self.meant.get(id, "processing")

    def name(self, id: int) -> str:
        """What the shop calls it; a number that it has no name for is said to be one."""
        return self.names.get(id) or f"status {id}"

    def id_named(self, name: str) -> int | None:
        said = name.strip().casefold()
        if said.startswith("status ") and said[7:].isascii() and said[7:].isdigit():
            return int(said[7:])
        return self.ids.get(said)

    def id_for(self, status: str) -> int:
        """The status that the way back writes. Unwritable where the shop has none that means this."""
        if self.meant.get(_FIRST[status]) == status:
            return _FIRST[status]
        found = [id for id, meaning in sorted(self.meant.items()) if meaning == status and id in self.names]
        if not found:
            raise Unwritable(
                f"the shop has no order status that means {status}: add one, or declare it in the setting order_statuses"
            )
        return found[0]
