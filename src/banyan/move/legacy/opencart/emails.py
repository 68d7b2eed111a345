"""Whose account an e-mail address is, where the legacy shop keeps several customers with the same one.

OpenCart signs in whoever it finds first: the customer of the lowest number among those that are on. So do we: the first that
is delivered keeps the address (the mover delivers in the order of the numbers), a closed account never keeps it from an open
one, and every other customer has an address of its own that nobody can receive mail at (`.invalid`, RFC 2606) and that says
what it stands for: `jane+17@example.com.duplicate.invalid`. Such an address never goes back to the legacy shop.
"""

import re
import string
import unicodedata

import idna

from banyan.move.legacy import Names

DUPLICATE, CLOSED, NONE = "duplicate", "closed", "unreadable"
_PLAIN_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.I)
_ATEXT = frozenset(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-.")
_STANDS_FOR = re.compile(rf"\+(\d+)@.*\.?({DUPLICATE}|{CLOSED}|{NONE})\.invalid$")


def address(names: Names, key: str, written: str, *, closed: bool) -> str:
    """The e-mail address that a customer has with us. `written`: what the legacy shop keeps, unescaped."""
    said = written.strip()
    wish = canonical(said)
    if wish is None:
        return names.claim("email", key, [f"customer+{key}@{NONE}.invalid"])
    instead = _instead(said, key, CLOSED if closed else DUPLICATE)
    return said if names.claim("email", key, [instead] if closed else [wish, instead]) == wish else instead


def released(names: Names, key: str) -> None:
    """A customer who is gone keeps no address from anybody."""
    if names.held("email", key):
        names.claim("email", key, [f"customer+{key}@{CLOSED}.invalid"])


def stands_for(email: str, key: str) -> bool:
    """Whether it is the address that this customer was given instead of their own."""
    found = _STANDS_FOR.search(email)
    return found is not None and found[1] == key


def canonical(text: str) -> str | None:
    """How two addresses are compared: without case and in one Unicode form. None for what is no address."""
    raw = unicodedata.normalize("NFC", text)
    local, at, domain = raw.rpartition("@")
    if not at or "@" in local or len(raw) > 254 or not _is_local(local):
        return None
    host = _host(domain)
    return None if host is None else f"{unicodedata.normalize('NFKC', local).casefold()}@{host}"


def _is_local(local: str) -> bool:
    if not 1 <= len(local.encode("utf-8", "replace")) <= 64 or local[0] == "." or local[-1] == "." or ".." in local:
        return False
    if local.isascii():
        return all(each in _ATEXT for each in local)
    return all(each in _ATEXT if each.isascii() else unicodedata.category(each)[0] not in "CZ" for each in local)


def _host(domain: str) -> str | None:
    if _PLAIN_HOST.fullmatch(domain) and "--" not in domain:
        return domain.lower()
    try:
        host = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return host if "." in host and not host.rpartition(".")[2].isdigit() and "" not in host.split(".") else None


def _instead(said: str, key: str, why: str) -> str:
    local, _, domain = said.rpartition("@")
    local = local.encode()[: 63 - len(key)].decode("utf-8", "ignore").rstrip(".")
    return f"{local}+{key}@{domain}.{why}.invalid" if len(domain) <= 120 else f"customer+{key}@{why}.invalid"
