"""What of an order is about a person, and so is sealed with the order's own key; the rest stays as tax law wants it.

Of an address only the country stays in the open: what was sold where, and the tax on it, is kept without the person.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from banyan.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderPlaced,
    OrderRefunded,
    OrderTakenOver,
)

Data = dict[str, Any]
SEALED = "personal"  # the field that holds what was taken out
_STAYS = "country"
_EACH = "*"
Path = tuple[str, ...]
_REASON: Path = ("reason",)

VIEW = "view"
PATHS: Mapping[str, Sequence[Path]] = {
    OrderPlaced.TYPE: [("email",), ("address",)],
    OrderTakenOver.TYPE: [("record", "email"), ("record", "address"), ("record", "history")],
    OrderConfirmed.TYPE: [("email",)],
    OrderCancelled.TYPE: [("reason",)],  # free words may name people
    OrderRefunded.TYPE: [("reason",)],
    OrderFulfilled.TYPE: [("tracking",)],
    VIEW: [
        ("email",),
        ("address",),
        _REASON,
        ("cancelled_reason",),
        ("refunds", _EACH, "reason"),
        ("fulfilments", _EACH, "tracking"),
        ("taken_over", "notes"),
    ],
}
"""Where personal data lies: by type of fact, and in the order as it is shown."""


class Seal(Protocol):
    """The key of one order; `open` gives None once it is destroyed."""

    @property
    def wrapped(self) -> bytes | None: ...
    @property
    def destroyed(self) -> bool: ...
    @property
    def index(self) -> Callable[[str], str]: ...
    def close(self, personal: Any, use: str) -> str: ...
    def open(self, sealed: str, use: str) -> Any: ...


def kept(kind: str, data: Data, seal: Seal | None) -> Data:
    """As it is kept: what is personal is sealed, and gone where the key is destroyed. Without a seal: as it is."""
    if seal is None or kind not in PATHS:
        return data
    plain, personal = data, list[Any]()
    for path in PATHS[kind]:
        coded = path == _REASON and kind == VIEW and not data.get("cancelled_reason")  # in our words, not a person's
        plain, taken = (plain, None) if coded else _out(plain, path)
        personal.append(taken)
    if seal.destroyed or not any(personal):
        return plain
    return {**plain, SEALED: seal.close(personal, kind)}


def opened(kind: str, data: Data, seal: Seal | None) -> Data:
    """As it was before it was kept; without what is personal where the key is destroyed."""
    if SEALED not in data:
        return data
    plain = {name: value for name, value in data.items() if name != SEALED}
    personal = seal.open(data[SEALED], kind) if seal is not None else None
    if personal is None:
        return plain
    for path, value in zip(PATHS[kind], personal, strict=False):  # a newer version may have sealed less
        plain = _in(plain, path, value)
    return plain


def _out(data: Any, path: Path) -> tuple[Any, Any]:
    """The same without what lies at the path, and that; None for nothing there."""
    if not path:
        return _blank(data), data or None
    step, rest = path[0], path[1:]
    if step == _EACH:
        parts = [_out(each, rest) for each in data]
        found = [taken for _, taken in parts]
        return [plain for plain, _ in parts], found if any(found) else None
    if data is None or step not in data:
        return data, None
    plain, taken = _out(data[step], rest)
    return {**data, step: plain}, taken


def _in(data: Any, path: Path, value: Any) -> Any:
    if value is None:
        return data
    if not path:
        return value
    step, rest = path[0], path[1:]
    if step == _EACH:
        return [_in(each, rest, part) for each, part in zip(data, value, strict=True)]
    return {**data, step: _in(data[step], rest, value)}


def _blank(value: Any) -> Any:
    """Of the same kind, and empty: readers of any version can read it."""
    match value:
        case str():
            return ""
        case list():
            return []
        case dict():
            return {name: each if name == _STAYS else "" for name, each in value.items()}
    return value
