"""`bench/` is no part of the package: tests of it need the root of the repository on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
