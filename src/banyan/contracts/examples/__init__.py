"""One golden example for each contract, as it crosses the wire: a changed promise shows as a changed file.

An event's file holds the fact; a call's file holds what is `asked` and what is `answered`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def example(name: str) -> dict[str, Any]:
    """The example of a contract by its name (`orders.OrderPlaced`). KeyError where there is none."""
    try:
        read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyError(name) from None
    return read
