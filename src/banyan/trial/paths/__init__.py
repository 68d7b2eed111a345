"""The hot paths of a shop, each driven by itself over HTTP: what is measured, profiled and compared.

A path is prepared first (carts are made, orders placed), which is not measured; then it is driven for so many seconds over
so many connections, each with one request under way. Nothing but HTTP is used, so the shop may be of any version.
"""

from banyan.trial.paths.reads import READS, requests
from banyan.trial.paths.scene import Drive, Path, Scene
from banyan.trial.paths.writes import WRITES

PATHS = {path.name: path for path in (*READS, *WRITES)}
"""By the name a command is given."""

__all__ = ["PATHS", "READS", "WRITES", "Drive", "Path", "Scene", "requests"]
