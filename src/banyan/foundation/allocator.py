"""What glibc keeps of memory that was freed: told to keep less, and to give it back. Elsewhere nothing is done."""

import ctypes

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
