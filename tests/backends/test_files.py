"""What is so of the laptop's files alone; what every backend promises is in test_media, test_keys and test_mail."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.foundation.keys.file import FileKeys
from banyan.foundation.media.file import FileMedia


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x.png", "a//b.png", "a/.b.png"])
async def test_a_path_that_leads_elsewhere_writes_nothing(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no path for media"):
        await FileMedia(tmp_path / "media").put(path, b"x")
    assert list(tmp_path.rglob("*")) == []


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
async def test_no_path_ever_leaves_the_folder(tmp_path: Path, path: str) -> None:
    try:
        place, _ = FileMedia(tmp_path)._place(path)
    except ValueError:
        return
    assert place.resolve().is_relative_to(tmp_path.resolve())


async def test_the_master_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    await FileKeys(tmp_path / "keys").seal(b"x", "y")
    assert (tmp_path / "keys" / "master.key").stat().st_mode & 0o077 == 0
