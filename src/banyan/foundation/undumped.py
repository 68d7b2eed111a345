"""Memory that is written nowhere: no core dump of a process that card numbers pass by. Limit: root still reads it, and
swap is the machine's own matter.
"""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # prctl(2)


def no_core_dumps() -> None:
    """None is written to a file when this process breaks, and nobody but root can allow it again (a program that the system
    hands dumps to may still get one)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def closed_to_others() -> None:
    """No core dump at all, and no debugger of another user's but root's: PR_SET_DUMPABLE, where there is Linux.

    Profilers and debuggers of the same user are kept out as well: nothing for a shop that somebody works on.
    """
    no_core_dumps()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
