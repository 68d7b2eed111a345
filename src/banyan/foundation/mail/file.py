"""Mail as files in a folder, for laptops and tests: what would have been sent can be read there."""

import asyncio
import re
from email.message import EmailMessage
from pathlib import Path

from banyan.foundation.mail import Message


class FileMail:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["To"], mail["Subject"], mail["Message-ID"] = message.to, message.subject, f"<{message.id}@banyan>"
        mail.set_content(message.text)
        name = re.sub(r"[^A-Za-z0-9_-]", "_", message.id)[:100]
        await asyncio.to_thread(self._write, name, mail.as_bytes())

    def _write(self, name: str, body: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{name}.eml").write_bytes(body)

    async def close(self) -> None:
        pass
