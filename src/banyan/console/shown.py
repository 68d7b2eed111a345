"""How things are written for operators: money, times, counts and states, in English and UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from banyan.kernel.money import Money, exponent

_NBSP = "\N{NO-BREAK SPACE}"
# Below so many seconds: this unit, of so many seconds.
_STEPS = ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600), (60 * 86_400, "days", 86_400))


def money(amount: Money | None) -> str:
    """`1,299.90 EUR`; a dash for none."""
    return f"{amount_only(amount)}{_NBSP}{amount.currency}" if amount else "–"


def amount_only(amount: Money) -> str:
    """`1,299.90`, where the currency stands beside it."""
    whole, _, part = Money(abs(amount.amount), amount.currency).major().partition(".")
    text = f"{int(whole):,}" + (f".{part}" if exponent(amount.currency) else "")
    return f"\N{MINUS SIGN}{text}" if amount.amount < 0 else text


def number(count: int) -> str:
    """`12,000`, with a true minus sign."""
    return f"{count:,}".replace("-", "\N{MINUS SIGN}")


def signed(count: int) -> str:
    """`+5`, `−5`."""
    return f"+{count:,}" if count > 0 else number(count)


def counted(count: int, one: str, many: str = "") -> str:
    """`1 order`, `2,104 orders`."""
    return f"{count:,}{_NBSP}{one if count == 1 else many or one + 's'}"


def moment(when: datetime) -> str:
    """`22 Nov 2026, 10:30`; all times of the console are UTC."""
    when = when.astimezone(UTC)
    return f"{when.day} {when:%b %Y, %H:%M}"


def exact(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(when: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `in 2 h`, `3 days ago`."""
    gap = now - when
    seconds = abs(gap) // timedelta(seconds=1)
    if seconds < 10:
        return "just now"
    unit, size = next(((unit, size) for end, unit, size in _STEPS if seconds < end), ("months", 30 * 86_400))
    text = f"{seconds // size}{_NBSP}{unit if seconds >= 2 * size else unit.removesuffix('s') or unit}"
    return f"{text} ago" if gap > timedelta(0) else f"in {text}"


def span(seconds: float) -> str:
    """A length of time: `0.3 s`, `48 s`, `12 min`, `3.5 h`, `13.9 days`."""
    if seconds < 10:
        return f"{seconds:.1f}{_NBSP}s"
    unit, size = next(((unit, size) for end, unit, size in _STEPS if seconds < max(end, 120)), ("days", 86_400))
    return f"{seconds / size:.{1 if size > 60 else 0}f}{_NBSP}{unit}"


def percent(share: float) -> str:
    """`41.23 %`, rounded down: 100 only when nothing is left."""
    return f"{int(share * 100) / 100:.2f}".rstrip("0").rstrip(".") + f"{_NBSP}%"


def pretty(value: Any) -> str:
    """JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()


def label(state: str) -> str:
    """`payment_failed` as `Payment failed`."""
    words = state.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


_TONES = {
    "good": "confirmed fulfilled captured authorized published sold active done promised"
    " in_sync verified new_primary finalized solved",
    "wait": "processing pending unknown requires_action created held partially_refunded draft retrying"
    " prepared copying catching_up cutting_over reverting",
    "bad": "payment_failed rejected failed declined parked broken open",
    "off": "cancelled voided refunded archived released expired closed planned aborted waived",
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states.split()}


def tone(state: str) -> str:
    """The colour of a state: good, wait, bad or off."""
    return state if state in _TONES else _TONE_OF.get(state, "off")
