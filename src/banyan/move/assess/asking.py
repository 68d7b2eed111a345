"""Questions to a legacy database that may be refused: what cannot be seen is noted, and the rest goes on."""

from collections.abc import Sequence
from time import monotonic
from typing import Protocol

from banyan.move.assess.hazards import Unseen
from banyan.move.source import SqlError

Texts = list[tuple[str | None, ...]]


class Connected(Protocol):
    """What is used of banyan.move.source.Connection."""

    def query(self, sql: str, *args: object) -> Sequence[tuple[bytes | None, ...]]: ...


class Asking:
    """One connection that only reads. `seconds` bounds the whole; no statement runs longer than `statement` seconds."""

    def __init__(self, con: Connected, *, seconds: float = 9.0, statement: float = 2.0) -> None:
        self._con = con
        self._until = monotonic() + seconds
        self.unseen: list[Unseen] = []
        # Another server refuses the other's name for it; without a limit the questions are still asked.
        for setting in (f"max_statement_time = {statement}", f"max_execution_time = {int(statement * 1000)}"):
            try:
                con.query(f"SET SESSION {setting}")
                break
            except SqlError:
                continue

    @property
    def time_left(self) -> float:
        return self._until - monotonic()

    def texts(self, sql: str) -> Texts:
        """Rows as text. Raises what the connection raises."""
        return [tuple(None if v is None else v.decode("utf-8", "replace") for v in row) for row in self._con.query(sql)]

    def tried(self, what: str, *spellings: str) -> Texts | None:
        """The rows of the first spelling that this server understands and allows, else None and `what` is noted as unseen."""
        why = "no time was left"
        for sql in spellings:
            if self.time_left <= 0:
                break
            try:
                return self.texts(sql)
            except SqlError as error:
                why = error.message
        self.unseen.append(Unseen(what, why))
        return None

    def permitted(self, sql: str) -> str:
        """Empty when the server runs this, else why it does not."""
        try:
            self._con.query(sql)
        except SqlError as error:
            return error.message
        return ""


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return "`" + name.replace("`", "``") + "`"


def number(text: str | None) -> int:
    """A whole number out of what a server says; 0 for none and for what is none."""
    try:
        return int(float(text or 0))
    except (ValueError, OverflowError):
        return 0
