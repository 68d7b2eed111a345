"""Memory which was freed but is still held for later: after 100,000 products, 60 to 180 MB of it."""

import ctypes


def give_back_memory() -> None:
    """Ask glibc, which keeps freed memory for each thread, to return it to the system; elsewhere do nothing."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
