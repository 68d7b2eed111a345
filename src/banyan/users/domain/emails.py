"""E-mail addresses: which are accepted, and when two spellings are one account.

Policy: one mailbox is one account. Compared are

- the local part by NFKC and Unicode case folding (so width and case make no other account), the domain by its A-labels
  (IDNA 2008 with UTS #46 mapping, non-transitional);
- at the providers that say so, without what they ignore: Gmail hears no dots and nothing from a plus on, and is
  googlemail.com as well. Everywhere else `+tag` and dots are part of the name;
- a local part all of whose letters look like Latin ones as those Latin ones (UTS #39, whole-script confusables).

Scripts that are mixed within the local part or within one label of the domain are refused, but for those that are written
together (UTS #39 §5.2, highly restrictive: Latin with Han and kana, with Han and Bopomofo, with Han and Hangul). So is a
domain that looks Latin under a Latin top-level domain and is not, as browsers do.

Mail only ever goes to the address its owner wrote (`mailbox`), never to a folded or a look-alike one, so two mailboxes that
fold together cannot take each other's account: the second is told that the address is taken.
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

# Providers that ignore dots and what follows a plus, by all their names.
_IGNORING = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_TOGETHER = tuple(
    map(
        frozenset,
        (("LATIN", "CJK", "HIRAGANA", "KATAKANA"), ("LATIN", "CJK", "BOPOMOFO"), ("LATIN", "CJK", "HANGUL")),
    )
)
# Small letters that look like a Latin one (UTS #39 confusables.txt; the sets that browsers use for domains).
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u0475\u0461"  # Cyrillic
    "\u03b1\u03bf\u03bd\u03c1\u03b9\u03ba\u03c5\u03c7\u03b3\u03c9"  # Greek
    "\u0578\u057d\u0570\u0585\u0581\u0566\u0563\u0575\u0584"  # Armenian
    "\u0131\u0251\u0261\u0269\u0237\u0138",  # Latin, but not a to z
    "acdehijlopqswxyvw" + "aovpikuxyw" + "nuhogqqjf" + "iagijk",
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
    if _mixed(folded):
        raise ValueError("the part before the @ mixes letters of different scripts")
    name, provider = _heard(_seen(folded), host)
    return Email(text.strip(), f"{name}@{provider}", f"{local}@{host}")


def _fold(local: str) -> str:
    """NFKC and case folding until nothing changes (folding can undo the normal form)."""
    while True:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())
        if folded == local:
            return folded
        local = folded


def _seen(folded: str) -> str:
    """As it looks: in Latin letters where all of them look Latin."""
    latin = folded.translate(_LOOKS_LIKE)
    return latin if latin.isascii() else folded


def _heard(local: str, host: str) -> tuple[str, str]:
    """As its provider hears it."""
    provider = _IGNORING.get(host)
    name = local.partition("+")[0].replace(".", "")
    return (name, provider) if provider and name else (local, provider or host)


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name in Unicode; empty for what belongs to all."""
    if not letter.isalpha():
        return ""
    first = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
    return {"IDEOGRAPHIC": "CJK", "MODIFIER": "", "FEMININE": "", "MASCULINE": ""}.get(first, first)


def _mixed(text: str) -> bool:
    scripts = {script for script in map(_script, text) if script}
    return len(scripts) > 1 and not any(scripts <= each for each in _TOGETHER)


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
    if "xn--" in host:
        _check_look(labels)
    return host


def _check_look(labels: list[str]) -> None:
    """ValueError for a domain that is made to look like another one."""
    shown = [_fold(idna.decode(each)) for each in labels]
    for each in shown:
        if _mixed(each):
            raise ValueError("the domain of this e-mail address mixes letters of different scripts")
        if shown[-1].isascii() and not each.isascii() and each.translate(_LOOKS_LIKE).isascii():
            raise ValueError("the domain of this e-mail address looks like another one")


def _hidden(each: str) -> bool:
    """Blanks, control, format, private and unassigned characters, surrogates, and what is shown as nothing."""
    return unicodedata.category(each)[0] in "CZ" or ord(each) in _UNSEEN
