"""Products rendered to JSON bytes, kept per process by id and currency, and shown only at the revision the database has.

A read asks the database which products at which revision (one statement), and once more for those not known here: for
cards that some process rendered before, or what they are rendered from.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice

import orjson

from banyan.catalog.domain import shown
from banyan.catalog.storage import Asks, reading
from banyan.foundation.db import Row

MOST_BYTES = 24 * 1024 * 1024
_OVERHEAD = 200  # bytes an entry takes beside its own
_MOST_NEW, _AT_ONCE = 5_000, 200


class Showcase:
    """Least recently shown goes first. Nothing here can be stale: the revision is asked for each time."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, bytes]] = OrderedDict()
        self._new: dict[tuple[str, str], tuple[int, bytes]] = {}

    async def cards(self, asks: Asks, wanted: Sequence[tuple[str, int]], currency: str) -> list[bytes]:
        """The cards of (id, revision) in the order given; a product that is gone meanwhile is left out."""
        found = {name: self._look("card", name, currency, revision) for name, revision in wanted}
        missing = [name for name, card in found.items() if card is None]
        if missing:
            for row in await reading.cards(asks, missing, currency):
                body = row["body"] or self._render(row, currency)
                found[row["id"]] = self._keep("card", row["id"], currency, row["revision"], body)
        return [card for card in found.values() if card is not None]

    async def product(self, asks: Asks, product_id: str, revision: int, currency: str) -> tuple[str, bytes] | None:
        """The whole product and its ETag's text; None when it is gone meanwhile."""
        if kept := self._look("whole", product_id, currency, revision):
            known, _, body = kept.partition(b"\n")
            return known.decode(), body
        row = await reading.whole(asks, product_id)
        if row is None:
            return None
        whole, tag = orjson.dumps(shown.product(row, currency)), f"{row['version']}.{row['revision']}"
        self._keep("whole", product_id, currency, row["revision"], tag.encode() + b"\n" + whole)
        return tag, whole

    async def keep(self, asks: Asks) -> bool:
        """Have cards that were rendered here kept for all processes; whether there are more of them."""
        taken = [(*name, *self._new[name]) for name in islice(self._new, _AT_ONCE)]
        if taken:
            await reading.keep_cards(asks, taken)
        for name, currency, revision, _ in taken:
            if self._new.get((name, currency), (0,))[0] == revision:  # not rendered anew, or kept by another, meanwhile
                del self._new[name, currency]
        return bool(self._new)

    async def render_next(self, asks: Asks, after: str, currency: str) -> tuple[str, int]:
        """Render those of the next products whose cards are not kept: the last one's id, empty at the end of them all, and
        how many these were."""
        rows = await reading.next_cards(asks, after, currency, _AT_ONCE)
        if missing := [row["id"] for row in rows if not row["kept"]]:
            for row in await reading.cards(asks, missing, currency):
                if row["body"] is None:
                    self._render(row, currency)
        return (rows[-1]["id"] if len(rows) == _AT_ONCE else ""), len(missing)

    def _render(self, row: Row, currency: str) -> bytes:
        body = orjson.dumps(shown.card(dict(row), currency))
        if len(self._new) < _MOST_NEW:
            self._new[row["id"], currency] = (row["revision"], body)
        return body

    def _look(self, kind: str, name: str, currency: str, revision: int) -> bytes | None:
        kept = self._kept.get((kind, name, currency))
        if kept is None or kept[0] != revision:
            return None
        self._kept.move_to_end((kind, name, currency))
        return kept[1]

    def _keep(self, kind: str, name: str, currency: str, revision: int, body: bytes) -> bytes:
        old = self._kept.pop((kind, name, currency), None)
        self._size += len(body) - len(old[1]) if old else len(body) + _OVERHEAD
        self._kept[kind, name, currency] = (revision, body)
        while self._size > self._most:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= len(dropped) + _OVERHEAD
        return body


def page(cards: Iterable[bytes], next_cursor: str | None) -> bytes:
    """Rendered cards as one page of a list."""
    return b'{"items":[' + b",".join(cards) + b'],"next_cursor":' + orjson.dumps(next_cursor) + b"}"
