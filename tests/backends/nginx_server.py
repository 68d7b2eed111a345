"""A private nginx, on the configuration that it is given."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.backends.haproxy_server import Proxy


def nginx(folder: Path, port: int, files: Mapping[str, str]) -> Proxy:
    """Started. Skips where nginx is not installed."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    proxy = Proxy(folder, port)
    user = "user root;" if os.geteuid() == 0 else ""  # its workers reach what this folder holds
    proxy.start(files, [*_command(folder), "-g", f"daemon off; {user}"])
    return proxy


def reload(folder: Path) -> None:
    """Let it read its configuration anew; what runs ends in the old one."""
    subprocess.run([*_command(folder), "-s", "reload"], check=True, capture_output=True, timeout=20)


def _command(folder: Path) -> list[str]:
    return ["nginx", "-p", str(folder), "-e", str(folder / "errors"), "-c", str(folder / "nginx.conf")]
