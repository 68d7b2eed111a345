"""The shop of wares that changes hands."""

from tests.move.cutover.conftest import world

__all__ = ["world"]
