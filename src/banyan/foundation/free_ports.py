"""Ports for programs that we start beside us, none of them lent to two processes at once."""

import os
import socket
from collections.abc import Iterator
from threading import Lock

_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)
"""Below those that the system lends to connections: a port of ours must be free again when its program is begun again."""
_BLOCK = 100


def free_port() -> int:
    """A port nobody listens on just now; never the same twice from this process, nor one of another that asks here.

    OSError where this process has had them all.
    """
    with _one_at_a_time:
        port = next((each for each in _ours if _is_free(each)), None)
    if port is None:
        raise OSError(f"no port is free from {_PORTS.start} to {_PORTS.stop - 1}")
    return port


def _of_own_blocks() -> Iterator[int]:
    """A block is ours while we hold its first port, which the system takes back however we end."""
    held = []
    starts = _PORTS[::_BLOCK]
    for number in range(os.getpid(), os.getpid() + len(starts)):
        start = starts[number % len(starts)]
        first = socket.socket()
        try:
            first.bind((_HOST, start))
        except OSError:
            first.close()
            continue
        held.append(first)
        yield from range(start + 1, start + _BLOCK)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


_ours, _one_at_a_time = _of_own_blocks(), Lock()
