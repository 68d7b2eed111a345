"""Dual write, played: each write that the legacy shop answered is done again with records alone, by our own door, and what
would have come of it is compared with what the legacy shop's log says it did. Nothing of ours is written by it.

What the legacy shop did to one aggregate is the difference between its rows before the request and after the answer, both
found by undoing the log's changes from the mirror. Writes to one aggregate between which no line can be drawn are played one
after the other and judged together.
"""

from banyan.move.playing.player import IDLE, Player, beside

__all__ = ["IDLE", "Player", "beside"]
