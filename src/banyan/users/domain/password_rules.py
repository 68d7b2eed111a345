"""Which passwords may be chosen: long, not among the common ones, not the address itself; no rule about kinds of characters.

NIST SP 800-63B-4 asks for 15 characters where a password is the only factor; shoppers get 12 (an ADR), operators 15.
"""

import unicodedata

SHORTEST = 12
SHORTEST_FOR_ROLES = 15
LONGEST = 128

# Common passwords of at least 12 characters; what is only a pattern (repeats, runs) is found by rule.
_COMMON_WORDS = """
    password1234 password12345 password123456 password123! password1234! passwordpassword passw0rd1234 p@ssw0rd1234
    p@ssword1234 p@55w0rd1234 mypassword123 mypassword1234 newpassword1 newpassword123 changeme1234 changemenow1
    administrator administrator1 administrator123 adminadminadmin admin1234567 admin12345678 rootrootroot
    letmein12345 letmein123456 letmeinplease welcome12345 welcome123456 welcome2024! welcome2025! welcome2026!
    iloveyou1234 iloveyou12345 iloveyousomuch iloveyouforever qwerty123456 qwerty1234567 qwertyuiop12 qwertyuiop123
    qwertyuiop123456 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 q1w2e3r4t5y6 qazwsxedcrfv
    qazwsxedc123 asdfghjkl123 asdfghjkl1234 zxcvbnm12345 zxcvbnm123456 football1234 baseball1234 basketball12
    superman1234 batman123456 spiderman123 starwars1234 dragon123456 monkey123456 princess1234 sunshine1234
    michael12345 jennifer1234 liverpool123 manchester12 manchesterunited chelsea12345 arsenal12345 trustno12345
    abcdefghijkl1 abcd12345678 abc123456789 abc123abc123 a1b2c3d4e5f6 aa1234567890 123456789abc 123456789qwe
    123456789qwerty 1234567890qwerty 123qweasdzxc 123qwe123qwe secret123456 secretpassword summer2024!! summer2025!!
    winter2024!! winter2025!! spring2025!! autumn2025!! january2025! thisisapassword thisismypassword mysecretpassword
    correcthorsebatterystaple onlineshop123 shopping1234 banyanbanyan banyan123456 test12345678 testtesttest
    testpassword testpassword1 demo12345678 demodemodemo guest1234567 user12345678 default12345 computer1234
    internet1234 whatever1234 blink182blink metallica123 pokemon12345 minecraft123 charlie12345"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn")


def plain(password: str) -> str:
    """The password as it is hashed: NFC, other blanks as U+0020 (RFC 8265 OpaqueString), so that a keyboard does not matter."""
    blanks = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", blanks)


def enough(password: str, *, has_roles: bool) -> bool:
    """Whether it is long enough for who uses it."""
    return len(plain(password)) >= (SHORTEST_FOR_ROLES if has_roles else SHORTEST)


def weakness(password: str, *, email: str, name: str = "", has_roles: bool = False) -> tuple[str, str] | None:
    """Why it may not be chosen, as a code and words; None when it may."""
    shortest = SHORTEST_FOR_ROLES if has_roles else SHORTEST
    text = plain(password)
    if not enough(password, has_roles=has_roles):
        return "password_too_short", f"a password has at least {shortest} characters; a few words do well"
    if len(text) > LONGEST:
        return "password_too_long", f"a password has at most {LONGEST} characters"
    folded = text.casefold()
    known = {each.casefold() for each in (email, email.partition("@")[0], name) if each}
    if folded in known or folded.rstrip("0123456789!?. ") in known:
        return "password_is_address", "a password is something else than the e-mail address or the name"
    if folded in _COMMON or folded.replace(" ", "") in _COMMON or _patterned(folded) or _patterned(text):
        return "password_too_common", "many people use this password; take another"
    return None


def _patterned(folded: str) -> bool:
    """One short piece over and over (`abcabcabcabc`), or one long run along the keyboard or alphabet, either way."""
    for size in range(1, 5):
        if folded == (folded[:size] * len(folded))[: len(folded)]:
            return True
    return any(folded in row * 12 or folded[::-1] in row * 12 for row in _ROWS)
