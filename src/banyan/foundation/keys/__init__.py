"""Envelope encryption, as a promise: small secrets are sealed for keeping in a database and opened again."""

from typing import Protocol


class Keys(Protocol):
    async def seal(self, secret: bytes, context: str) -> bytes:
        """Encrypt and bind to `context` (what it is for)."""
        ...

    async def open(self, sealed: bytes, context: str) -> bytes:
        """ValueError when it was sealed by another key, for another context, or was changed."""
        ...

    async def close(self) -> None: ...
