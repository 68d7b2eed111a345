"""The toy shop of the core's tests, with a catalog that also hands over."""

from tests.move.core.conftest import MakeMoving, moving

__all__ = ["MakeMoving", "moving"]
