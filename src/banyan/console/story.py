"""An event in a line: what it is called by people, and the gist of what it says."""

import re
from collections.abc import Mapping
from typing import Any

from banyan.console import shown
from banyan.kernel.money import Money

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def name(kind: str) -> str:
    """`orders.OrderPaymentCaptured` as `Order payment captured`."""
    words = _HUMPS.sub(" ", kind.rpartition(".")[2])
    return words[:1].upper() + words[1:].lower()


def gist(data: Mapping[str, Any]) -> str:
    """What is worth reading without opening it. The data is anybody's: what does not fit is left out."""
    parts = [_money(data.get("amount") or data.get("total"))]
    lines = data.get("lines")
    if isinstance(lines, list | dict) and lines:
        parts.append(shown.counted(len(lines), "line"))
    parcels = data.get("parcels")
    if isinstance(parcels, list) and parcels:
        parts.append(shown.counted(len(parcels), "parcel"))
    parts += [
        f"{shown.label(name)}: {data[name]}" for name in ("reason", "tracking", "by", "provider") if data.get(name)
    ]
    return " · ".join(part for part in parts if part)


def _money(value: Any) -> str:
    try:
        return shown.money(Money(int(value["amount"]), str(value["currency"])))
    except (KeyError, ValueError, TypeError):
        return ""
