"""The table `order_key`: what all about an order's person is sealed with. An order without a row is kept in the open, as
orders were before there were keys; one whose row has no key is erased.
"""

from banyan.foundation.db import Row
from banyan.foundation.subjects import Seal, Subjects
from banyan.orders.storage import Reader

KEYED = "order_key.order_id IS NOT NULL AS keyed, order_key.wrapped"
"""For a statement that joins `order_key`: what `seal_of` asks of its rows."""


def seal_of(db: Reader, order_id: str, row: Row) -> Seal | None:
    """The order's seal, out of a row with KEYED; None for an order that has none yet."""
    return _subjects(db).known(order_id, row["wrapped"]) if row["keyed"] else None


def fresh(db: Reader, order_id: str, key: bytes) -> Seal:
    """A new seal; the caller keeps its `wrapped`."""
    return _subjects(db).fresh(order_id, key)


def index(db: Reader, text: str) -> str:
    """What sealed text is found by."""
    return _subjects(db).index(text)


def _subjects(db: Reader) -> Subjects:
    assert db.subjects is not None, "this database was opened without its keys (Service.seals)"
    return db.subjects
