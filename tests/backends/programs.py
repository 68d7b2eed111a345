"""Starting what a test needs beside itself, or leaving the test out with the reason."""

from typing import Protocol, TypeVar

import pytest

from banyan.cluster.engines.program import NotHere


class _Starts(Protocol):
    def start(self) -> None: ...


Server = TypeVar("Server", bound=_Starts)


def running(server: Server) -> Server:
    """`server`, started. Skips where its program is not to be had."""
    try:
        server.start()
    except NotHere as missing:
        pytest.skip(str(missing))
    return server
