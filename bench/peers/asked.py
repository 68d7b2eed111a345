"""A request with what its answer must hold, and how such answers are told apart from wrong ones."""

from dataclasses import dataclass
from typing import Any

from banyan.trial.load import raw

OPERATIONS = ("product read", "list of 20", "text search, 20", "search never asked before", "add to cart", "checkout")
"""In the order they are measured; a checkout is the whole way from no cart to an order."""


class Skipped(Exception):
    """A peer cannot be had here; the text says why in one line."""

    def __init__(self, reason: str) -> None:
        lines = [line.strip() for line in reason.splitlines() if line.strip()]
        super().__init__(lines[-1][:200] if lines else "no reason was given")


class Wrong(Exception):
    """An answer that is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as bytes; its answer's body has these texts, and `each` exactly `count` times."""

    request: bytes
    has: tuple[bytes, ...] = ()
    each: bytes = b""
    count: int = 0

    def fault(self, status: int, body: bytes) -> str:
        """What is wrong with an answer; empty for nothing."""
        if status >= 400:
            return f"status {status}: {body[:160]!r}"
        for text in self.has:
            if text not in body:
                return f"no {text!r} in {body[:160]!r}"
        if self.each and (found := body.count(self.each)) != self.count:
            return f"{found} times {self.each!r}, not {self.count}"
        return ""

    def as_json(self) -> dict[str, Any]:
        return {
            "request": self.request.decode(),
            "has": [text.decode() for text in self.has],
            "each": self.each.decode(),
            "count": self.count,
        }

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Ask":
        has = tuple(text.encode() for text in told["has"])
        return cls(told["request"].encode(), has, told["each"].encode(), told["count"])


def get(path: str, *has: str, each: str = "", count: int = 0, **headers: str) -> Ask:
    return Ask(raw("GET", path, b"", **headers), tuple(text.encode() for text in has), each.encode(), count)


def post(path: str, body: bytes, *has: str, each: str = "", count: int = 0, **headers: str) -> Ask:
    return Ask(raw("POST", path, body, **headers), tuple(text.encode() for text in has), each.encode(), count)
