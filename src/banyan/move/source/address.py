"""Where a legacy database is and how to get in, read from one URL. The password is never shown."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from banyan.foundation.settings import WrongSettings

_FORM = "mysql://user:password@host:port/database"
_OPTIONS = "ssl (off, required or verify), ssl_ca and socket"


@dataclass(frozen=True, slots=True)
class Address:
    """`ssl`: off, required (encrypted, whoever answers), verify (and it must prove its name); None: encrypted if it can."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    ssl: Literal["off", "required", "verify"] | None = None
    ssl_ca: str | None = None
    socket: str | None = None

    @property
    def name(self) -> str:
        """Safe to show."""
        return f"{self.socket or f'{self.host}:{self.port}'}/{self.database}"

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL. WrongSettings says what is wrong with it, without repeating it."""
        try:
            parts = urlsplit(url)
            port = parts.port or 3306
        except ValueError as error:
            raise WrongSettings(f"the legacy database's URL cannot be read ({error}); it is {_FORM}") from None
        if parts.scheme not in ("mysql", "mariadb"):
            raise WrongSettings(f"the legacy database's URL begins with {parts.scheme or 'nothing'}://; it is {_FORM}")
        database = unquote(parts.path.removeprefix("/"))
        if not database or "/" in database:
            raise WrongSettings(f"the legacy database's URL names no database; it is {_FORM}")
        if not parts.username:
            raise WrongSettings(f"the legacy database's URL names no user; it is {_FORM}")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        ssl, ca, socket = options.pop("ssl", None), options.pop("ssl_ca", None), options.pop("socket", None)
        if options:
            raise WrongSettings(f"the legacy database's URL has the option {min(options)!r}; known are {_OPTIONS}")
        if ssl not in (None, "off", "required", "verify"):
            raise WrongSettings("the legacy database's URL has an unknown ssl; known are off, required and verify")
        if ca is not None and not Path(ca).is_file():
            raise WrongSettings(f"the legacy database's URL names {ca} as ssl_ca, and there is no such file")
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=port,
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            database=database,
            ssl=ssl,  # type: ignore[arg-type]
            ssl_ca=ca,
            socket=socket,
        )
