"""CSV as providers publish it: a head with names, rows below."""

import csv
import io
from collections.abc import Collection
from datetime import UTC, datetime

from banyan.payments.providers.statements import Unreadable

LONGEST = 64_000_000  # characters
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S %z", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


def rows(text: str, needed: Collection[str]) -> list[dict[str, str]]:
    """The rows by the names in the head. Unreadable where one that is `needed` is missing."""
    if len(text) > LONGEST:
        raise Unreadable("it is too long")
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        missing = set(needed) - set(table.fieldnames or ())
        if missing:
            raise Unreadable(f"it has no column {sorted(missing)[0]}")
        return [{name: value or "" for name, value in row.items() if isinstance(name, str)} for row in table]
    except csv.Error as why:
        raise Unreadable(str(why)) from why


def when(text: str) -> datetime:
    """A moment; one without a zone is in UTC. Unreadable where it is none."""
    if text.isdigit() and len(text) <= 11:
        return datetime.fromtimestamp(int(text), UTC)
    for shape in _TIMES:
        try:
            read = datetime.strptime(text, shape)  # noqa: DTZ007 - the next line sees to it
        except ValueError:
            continue
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    raise Unreadable(f"{text[:40]!r} is no time")
