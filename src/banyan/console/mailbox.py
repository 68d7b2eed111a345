"""The laptop's outbox: mail that would have left, as the files it was written to. Read only."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from banyan.foundation import choose
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import NotFound

MOST = 200  # letters in the list
LONGEST = 256_000  # bytes that are read of one
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Letter:
    """`written` is when its file was."""

    name: str
    to: str
    subject: str
    written: datetime
    text: str = ""


class Mailbox:
    """A folder of .eml files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, settings: Settings) -> "Mailbox | None":
        """None where mail is not kept as files."""
        url = settings.mail_url.get_secret_value()
        return cls(choose.folder(url, settings)) if url.startswith("file://") else None

    async def letters(self) -> list[Letter]:
        """The newest first, without their texts."""
        return await asyncio.to_thread(self._letters)

    async def letter(self, name: str) -> Letter:
        """NotFound."""
        if not _NAME.fullmatch(name):
            raise NotFound("there is no such letter")
        try:
            return await asyncio.to_thread(self._read, self._folder / f"{name}.eml")
        except OSError:
            raise NotFound("there is no such letter") from None

    def _letters(self) -> list[Letter]:
        if not self._folder.is_dir():
            return []
        files = [file for file in self._folder.glob("*.eml") if _NAME.fullmatch(file.stem)]
        newest = sorted(files, key=lambda file: (file.stat().st_mtime, file.name), reverse=True)[:MOST]
        return [self._read(file) for file in newest]

    def _read(self, file: Path) -> Letter:
        with file.open("rb") as opened:
            mail = message_from_bytes(opened.read(LONGEST), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        return Letter(file.stem, _said(mail, "To"), _said(mail, "Subject"), written, _text(mail))


def _said(mail: EmailMessage, header: str) -> str:
    try:
        return str(mail.get(header, ""))
    except (ValueError, LookupError, IndexError):  # a broken header is no reason not to show the rest
        return "?"


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    try:
        return str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError):  # a charset nobody knows
        return "?"
