"""What a `redis://` or `rediss://` URL says. WrongSettings says what of it cannot be, and never shows its password."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from banyan.foundation.settings import WrongSettings

NAME = "BANYAN_CACHE_URL"
_FORM = "it is redis://user:password@host:6379/0?prefix=banyan, or rediss:// for TLS, with ca=FILE for an own authority"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, one of its databases, and what the shop's keys there begin with."""

    host: str
    port: int
    database: int
    prefix: str
    secure: bool
    ca: str | None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def address(url: str) -> Address:
    parts = urlsplit(url)
    more = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix, ca = more.pop("prefix", "banyan"), more.pop("ca", "")
    database, secure = parts.path.strip("/") or "0", parts.scheme == "rediss"
    try:
        host, port = parts.hostname, parts.port or 6379
    except ValueError:
        raise WrongSettings(f"{NAME}: the port is no number up to 65535; {_FORM}") from None
    if not host:
        raise WrongSettings(f"{NAME}: it names no host; {_FORM}")
    if not re.fullmatch("[0-9]{1,5}", database):
        raise WrongSettings(f"{NAME}: a database is a number; {_FORM}")
    if more or parts.fragment:
        raise WrongSettings(f"{NAME}: {', '.join(more) or 'what follows the #'} is unknown; {_FORM}")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", prefix):
        raise WrongSettings(f"{NAME}: a prefix has 1 to 40 letters, digits, dots, underscores or hyphens")
    if ca and not (secure and Path(ca).is_file()):
        raise WrongSettings(f"{NAME}: {'there is no such file as ca names' if secure else 'ca is for rediss://'}")
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    return Address(host, port, int(database), prefix, secure, ca or None, user, password)
