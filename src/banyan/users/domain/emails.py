"""E-mail addresses: which are accepted, and when two spellings are one account.

Policy. The local part is compared by NFKC and Unicode case folding, the domain by its A-labels (IDNA 2008 with UTS #46
mapping, non-transitional). `+tag` and dots are part of the name and are not folded; look-alikes of another script are
other addresses. Mail only ever goes to the address its owner wrote (`mailbox`), never to a folded or a look-alike one,
so two mailboxes that fold together cannot take each other's account: the second is told that the address is taken.
"""

import string
import unicodedata
from dataclasses import dataclass

import idna

_ATEXT = frozenset(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-.")  # RFC 5322 §3.2.3, dot-atom
# Shown as nothing, yet neither control nor format characters (Unicode: Default_Ignorable_Code_Point).
_UNSEEN = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810)}) | frozenset(
    (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)


@dataclass(frozen=True, slots=True)
class Email:
    """One address: as written, as compared, and as mail is sent to it."""

    raw: str
    canonical: str
    mailbox: str


def parse(text: str) -> Email:
    """Read an address. ValueError, with words for the person who wrote it, when it is none or not accepted."""
    raw = unicodedata.normalize("NFC", text.strip())
    if len(raw) > 254:
        raise ValueError("an e-mail address has at most 254 characters")
    if any(map(_hidden, raw)):
        raise ValueError("an e-mail address holds no blanks and no control or invisible characters")
    if raw.count("@") != 1 or unicodedata.normalize("NFKC", raw).count("@") != 1:
        raise ValueError("an e-mail address is a name, one @ and a domain")
    local, _, domain = raw.partition("@")
    host = _host(domain)
    folded = _fold(local)
    _check_local(local)
    _check_local(folded)
    return Email(text.strip(), f"{folded}@{host}", f"{local}@{host}")


def _fold(local: str) -> str:
    """NFKC and case folding until nothing changes (folding can undo the normal form)."""
    while True:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())
        if folded == local:
            return folded
        local = folded


def _check_local(local: str) -> None:
    if not 1 <= len(local.encode()) <= 64:
        raise ValueError("the part before the @ is 1 to 64 bytes long")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("dots stand between other characters of the part before the @")
    if any(_hidden(each) or (each.isascii() and each not in _ATEXT) for each in local):
        raise ValueError("the part before the @ holds a character that is not accepted")


def _host(domain: str) -> str:
    """The domain as lower-case A-labels."""
    try:
        host = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise ValueError("the domain of this e-mail address is not valid") from None
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or labels[-1].isdigit() or "" in labels:
        raise ValueError("the domain of an e-mail address is a full name such as example.com")
    return host


def _hidden(each: str) -> bool:
    """Blanks, control, format, private and unassigned characters, surrogates, and what is shown as nothing."""
    return unicodedata.category(each)[0] in "CZ" or ord(each) in _UNSEEN
