"""What every backend of media, mail and keys promises, on their laptop backends."""

from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.foundation.keys.file import FileKeys
from banyan.foundation.mail import Message
from banyan.foundation.mail.file import FileMail
from banyan.foundation.media.file import FileMedia


async def test_a_picture_is_read_back_with_its_type(tmp_path: Path) -> None:
    media = FileMedia(tmp_path)
    await media.put("demo/tent.svg", b"<svg/>")
    got = await media.get("demo/tent.svg")
    assert got is not None
    assert (got.body, got.media_type) == (b"<svg/>", "image/svg+xml")
    await media.remove("demo/tent.svg")
    assert await media.get("demo/tent.svg") is None


@pytest.mark.parametrize(
    "path",
    ["../x.png", "/etc/passwd", "a/../../x.png", ".hidden.png", "a\x00.png", "x.exe", "a//b.png", "x", "a/.b.png"],
)
async def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    media = FileMedia(tmp_path / "media")
    with pytest.raises(ValueError, match="no path for media"):
        await media.put(path, b"x")
    assert await media.get(path) is None
    assert list(tmp_path.rglob("*")) == []


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
async def test_no_path_ever_leaves_the_folder(tmp_path: Path, path: str) -> None:
    try:
        place, _ = FileMedia(tmp_path)._place(path)
    except ValueError:
        return
    assert place.resolve().is_relative_to(tmp_path.resolve())


async def test_mail_can_be_read_in_its_folder_and_the_same_id_is_one_mail(tmp_path: Path) -> None:
    mail = FileMail(tmp_path)
    for _ in range(2):
        await mail.send(Message("ord_1:confirmed", "ada@example.com", "Your order", "Thank you — see you soon"))
    [file] = tmp_path.iterdir()
    read = message_from_bytes(file.read_bytes())
    assert (read["To"], read["Subject"]) == ("ada@example.com", "Your order")


async def test_a_line_break_in_a_subject_is_no_second_header(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        await FileMail(tmp_path).send(Message("x", "ada@example.com", "Hi\r\nBcc: eve@example.com", ""))


async def test_what_is_sealed_opens_again_only_for_its_use_and_unchanged(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path)
    sealed = await keys.seal(b"private key", "users.signing")
    assert b"private" not in sealed
    assert await FileKeys(tmp_path).open(sealed, "users.signing") == b"private key"
    for wrong, context in ((sealed, "other"), (sealed[:-1] + b"x", "users.signing"), (b"", "users.signing")):
        with pytest.raises(ValueError):
            await keys.open(wrong, context)


async def test_the_master_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    await FileKeys(tmp_path / "keys").seal(b"x", "y")
    assert (tmp_path / "keys" / "master.key").stat().st_mode & 0o077 == 0
