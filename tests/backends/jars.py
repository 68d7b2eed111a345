"""Published jars from Maven Central: what real engines in tests run on."""

import pytest

from banyan.cluster.engines.jars import jars as published
from banyan.cluster.engines.program import NotHere


def jars(*wanted: str) -> str:
    """A class path with these artifacts (`group:artifact:version`) and all they need. Skips where it cannot be had."""
    try:
        return published(*wanted)
    except NotHere as missing:
        pytest.skip(str(missing))
