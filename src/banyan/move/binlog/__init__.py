"""The source's binlog, decoded by ourselves: whole transactions with the same bytes that a SELECT gives. What cannot be
taken in stops the stream with a plain reason; nothing is skipped."""

from banyan.move.binlog.dump import Start
from banyan.move.binlog.follower import Follower
from banyan.move.binlog.halts import Emptied, Halt, LogGone, SchemaChanged

__all__ = ["Emptied", "Follower", "Halt", "LogGone", "SchemaChanged", "Start"]
