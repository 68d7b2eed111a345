"""Secrets that are given to one browser or one mailbox and count once: how each kind looks. Digests are kept, not they."""

import base64
import re
from hashlib import sha256
from typing import Literal

Kind = Literal["ceremony", "second_step", "attempt", "email", "undo"]
_PREFIX: dict[Kind, str] = {"ceremony": "cer", "second_step": "sec", "attempt": "att", "email": "em", "undo": "un"}
_ONE = re.compile(r"[a-z]{2,3}_[A-Za-z0-9_-]{43}")
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"  # for eyes and thumbs, and no words
_CODE_LENGTH = 8


def given(kind: Kind, secret: bytes) -> str:
    """One of this kind, out of 32 unguessable bytes."""
    return f"{_PREFIX[kind]}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def is_one(kind: Kind, text: str) -> bool:
    return _ONE.fullmatch(text) is not None and text.startswith(f"{_PREFIX[kind]}_")


def mailed_code(chance: bytes) -> str:
    """A code to be typed from a mail, out of 16 unguessable bytes: `K7PW-2MZR`."""
    number = int.from_bytes(chance)
    letters = []
    for _ in range(_CODE_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def code_digest(attempt: str, code: str) -> bytes:
    """What is kept of a mailed code: bound to the attempt, whose secret the database does not hold."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    return sha256(f"{attempt} {plain}".encode()).digest()
