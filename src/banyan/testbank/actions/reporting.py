"""The bank's report of what moved the merchant's balance, in pages and as CSV."""

import csv
import io
from datetime import datetime
from typing import Any

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Malformed
from banyan.testbank import storage

PAGE = 500
COLUMNS = ("id", "kind", "reference", "charge_reference", "charge_id", "amount", "currency", "made_at")


async def report(ports: Ports, since: datetime, until: datetime, after: str) -> tuple[list[dict[str, Any]], str | None]:
    """A page from `since` up to, not including, `until`, and where the next one begins. Malformed for times without a zone."""
    if since.tzinfo is None or until.tzinfo is None:
        raise Malformed("send times with their zone", code="no_zone")
    place, _, name = after.partition(" ")
    try:
        begin = datetime.fromisoformat(place) if place else since
    except ValueError:
        raise Malformed("this is no place in a report", code="cursor_malformed") from None
    rows = await storage.movements(ports.db, begin, until, name, PAGE + 1)
    items = [{each: row[each] for each in COLUMNS} for row in rows[:PAGE]]
    if len(rows) <= PAGE:
        return items, None
    return items, f"{items[-1]['made_at'].isoformat()} {items[-1]['id']}"


async def report_csv(ports: Ports, since: datetime, until: datetime) -> str:
    out = io.StringIO()
    write = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    write.writeheader()
    after: str | None = ""
    while after is not None:
        items, after = await report(ports, since, until, after)
        write.writerows(item | {"made_at": f"{item['made_at']:%Y-%m-%d %H:%M:%S}"} for item in items)
    return out.getvalue()
