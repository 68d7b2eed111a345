"""Envelope encryption with a master key in a file that only its owner reads (AES-256-GCM)."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class FileKeys:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cipher: AESGCM | None = None

    async def seal(self, secret: bytes, context: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._master().encrypt(nonce, secret, context.encode())

    async def open(self, sealed: bytes, context: str) -> bytes:
        try:
            return self._master().decrypt(sealed[:12], sealed[12:], context.encode())
        except InvalidTag:
            raise ValueError("sealed by another key, for another use, or changed") from None

    async def close(self) -> None:
        pass

    def _master(self) -> AESGCM:
        """The master key, made on first use; two processes that start at once end up with the same one."""
        if self._cipher is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            place = self._folder / "master.key"
            if not place.exists():
                fresh = self._folder / f"master.{os.getpid()}.part"
                fresh.touch(mode=0o600)
                fresh.write_bytes(os.urandom(32))
                try:
                    os.link(fresh, place)
                except FileExistsError:
                    pass
                finally:
                    fresh.unlink()
            self._cipher = AESGCM(place.read_bytes())
        return self._cipher
