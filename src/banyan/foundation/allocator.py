"""What glibc keeps of memory that was freed, and how often Python looks for what only circles keep alive."""

import ctypes
import gc

_M_ARENA_MAX = -8  # malloc.h


def few_arenas() -> None:
    """Two heaps for all threads instead of eight for each core, which cost a worker of a full shop about 20 MB."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    except (AttributeError, OSError, TypeError):
        return


def give_back_memory() -> None:
    """Return to the system what was freed and is held for later: after 100,000 products, 60 to 180 MB of it."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def collect_seldom() -> None:
    """What is there when a process has started stays: it is never looked at again, and the rest thirty times as seldom.

    With 50,000 shoppers a sixteenth of a worker's CPU was looking for circles, of which a request leaves few.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
