"""Style, script and icons of the storefront."""

from functools import cache
from pathlib import Path

from banyan.foundation.face.assets import PASSKEYS, Assets


@cache
def assets() -> Assets:
    """Those of this process."""
    return Assets(Path(__file__).parent / "static", "/static", PASSKEYS)
