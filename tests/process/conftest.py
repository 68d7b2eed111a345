"""Folders for processes of their own, and the way to end what a test leaves running."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A folder whose path is short enough for sockets and open enough for the database's own user."""
    folder = Path(tempfile.mkdtemp(prefix="banyan-p-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
