"""Why the log cannot be followed further until somebody acts. Nothing is ever skipped instead."""

from banyan.move.rows import Position


class Halt(Exception):
    """The log says something that cannot be taken in. `reason` is for people and says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LogGone(Halt):
    """What comes next was deleted, or this is not the log that was followed before: only a fresh copy helps."""


class SchemaChanged(Halt):
    """A watched table is not, or no longer, what it was when it was read.

    `after`: where to go on once that is settled, the end of the statement that changed it; None when only the
    table's rows told, and then the log goes on with them.
    """

    def __init__(self, table: str, reason: str, after: Position | None = None, file: str = "") -> None:
        super().__init__(reason)
        self.table = table
        self.after = after
        self.file = file


class Emptied(SchemaChanged):
    """TRUNCATE emptied a watched table: every row of it is gone as of `after`. Its columns are what they were."""
