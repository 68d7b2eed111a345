"""Codes that change every 30 seconds (TOTP, RFC 6238 over RFC 4226: SHA-1, six digits), and recovery codes on paper."""

import base64
import hmac
import struct
from hashlib import sha256
from urllib.parse import quote, urlencode

SECRET_BYTES = 20  # RFC 4226 §4: as long as the digest
STEP_SECONDS = 30
_DRIFT = 1  # steps before and after: phones' clocks are off by seconds
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that looks like something else on paper
_RECOVERY_LENGTH = 16


def code(secret: bytes, step: int) -> str:
    """The six digits of one step of 30 seconds since 1970."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def step_of(secret: bytes, typed: str, seconds: float, last_step: int) -> int | None:
    """Which step this code is of: the present one or a neighbour, and later than `last_step`; None when it is of none.

    A code works once because whoever takes it keeps its step as the next `last_step` (RFC 6238 §5.2).
    """
    now = int(seconds) // STEP_SECONDS
    found = None
    for step in range(now - _DRIFT, now + _DRIFT + 1):  # all of them: time tells nothing
        if hmac.compare_digest(code(secret, step).encode(), typed.encode()) and step > last_step:
            found = step
    return found


def typed(text: str) -> str:
    """A code as people type it, without its blanks and dashes."""
    return "".join(each for each in text if not each.isspace() and each not in "-\u2010\u2011").lower()


def uri(secret: bytes, *, shop: str, email: str) -> str:
    """What the QR code holds (the key URI format that authenticator apps read)."""
    query = urlencode({"secret": spelled(secret), "issuer": shop}, quote_via=quote)
    return f"otpauth://totp/{quote(shop, safe='')}:{quote(email, safe='@')}?{query}"


def spelled(secret: bytes) -> str:
    """The secret for those who type it in."""
    return base64.b32encode(secret).decode().rstrip("=")


def recovery_code(chance: bytes) -> str:
    """A code of 16 letters and digits out of ten unguessable bytes: `7hkq-2mzp-…`."""
    number = int.from_bytes(chance)
    letters = []
    for _ in range(_RECOVERY_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    text = "".join(letters)
    return "-".join(text[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))


def is_recovery(text: str) -> bool:
    return len(text) == _RECOVERY_LENGTH and all(each in _ALPHABET for each in text)


def recovery_digest(account_id: str, code: str) -> bytes:
    """What is kept of a recovery code (78 bits, so a plain digest does); of no use to another account."""
    return sha256(f"recovery {account_id} {typed(code)}".encode()).digest()
