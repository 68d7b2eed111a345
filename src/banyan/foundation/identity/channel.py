"""Mutual TLS between processes on a plain network: what a server and a client need, read anew when the files change."""

import contextlib
import ssl
from pathlib import Path
from typing import Any

from banyan.foundation.settings import WrongSettings

CA = "ca.pem"  # whom we trust: one authority, or two while one takes over from the other


class Channel:
    """One process's certificate in a folder: `NAME.pem` with certificate and key, and `ca.pem`. WrongSettings without them."""

    def __init__(self, folder: Path, name: str) -> None:
        self._own, self._ca = folder / f"{name}.pem", folder / CA
        if missing := [file for file in (self._own, self._ca) if not file.is_file()]:
            raise WrongSettings(f"{missing[0]} is not there: banyan ca issue {name} --into {folder}")
        self.seen = self._mark()  # which files are in use; another whenever one was renewed
        self._client = self._made()

    def refresh(self) -> None:
        """Take up what was renewed. Files that are half copied or broken leave what was read before."""
        with contextlib.suppress(OSError, WrongSettings):
            if (mark := self._mark()) != self.seen:
                self._client = self._made()
                self.seen = mark

    def client(self) -> ssl.SSLContext:
        """For asking others. Who is connected stays so."""
        self.refresh()
        return self._client

    def server(self) -> dict[str, Any]:
        """Granian's words for: we show who we are, and speak with nobody who does not."""
        return {"ssl_cert": self._own, "ssl_key": self._own, "ssl_ca": self._ca, "ssl_client_verify": True}

    def _mark(self) -> tuple[int, ...]:
        return tuple(file.stat().st_mtime_ns for file in (self._own, self._ca))

    def _made(self) -> ssl.SSLContext:
        try:
            made = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self._ca))
            made.load_cert_chain(self._own)
        except (ssl.SSLError, OSError) as error:
            raise WrongSettings(f"{self._own} and {self._ca} are no certificates: {type(error).__name__}") from None
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        return made
