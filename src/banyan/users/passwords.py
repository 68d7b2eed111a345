"""Password hashes: Argon2id now, verifiers of older schemes by name, all of it off the event loop and two at a time."""

import asyncio
import hmac
from base64 import standard_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import md5, sha1
from html import escape
from typing import TypeVar

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from banyan.kernel.refusals import Unavailable
from banyan.users.domain.password_rules import plain
from banyan.users.domain.taking import bcrypt_cost

T = TypeVar("T")
Verifier = Callable[[str, str], bool]  # (what was typed, what is kept) → whether they fit

CURRENT = "argon2id"
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1  # OWASP's least, 19 ms on our machine
_ARGON = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
# Nobody's: hashed from 32 random bytes that were thrown away. An unknown account costs the time of a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$6rtKqD0sHi/Aj5KQtmBW2A$MHmdXTnxEz814BYIWpR3bZ8GizmcmtEUoDIeQZ+CJGE"
_PHP_COST = 10  # PHP's own until 8.3, and OWASP's least
_BCRYPT_DIGITS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
_PARALLEL = 2
_LONGEST_QUEUE = 150  # about two seconds of work

_threads = ThreadPoolExecutor(_PARALLEL, "password")
_waiting = 0


def _argon2id(typed: str, kept: str) -> bool:
    try:
        return _ARGON.verify(kept, plain(typed).encode())
    except (VerificationError, InvalidHashError):
        return False


def _cut(typed: str) -> str:
    return typed.strip(" \t\n\r\0\x0b")  # as PHP's trim() does


def _spellings(typed: str) -> tuple[bytes, ...]:
    """What an old shop may have hashed: PHP shops cut blanks off and escape what is typed as HTML, each for itself."""
    cut = _cut(typed)
    escaped = (escape(text, quote=False).replace('"', "&quot;") for text in (typed, cut))  # PHP's ENT_COMPAT
    return tuple(dict.fromkeys(text.encode() for text in (typed, cut, *escaped)))


def _bcrypt(typed: str, kept: str) -> bool:
    if bcrypt_cost(kept) is None:
        return False
    # All are tried whichever fits; PHP, like the algorithm, sees 72 bytes and no more.
    return True in [bcrypt.checkpw(each[:72], kept.encode()) for each in _spellings(typed)]


def _sha1_salted(typed: str, kept: str) -> bool:
    """`salt$hex`: sha1(salt + sha1(salt + sha1(password))), each in lower-case hexadecimal."""
    salt, _, digest = kept.encode().rpartition(b"$")

    def chain(each: bytes) -> bytes:
        for before in (b"", salt, salt):
            each = sha1(before + each, usedforsecurity=False).hexdigest().encode()
        return each

    return True in [hmac.compare_digest(chain(each), digest.lower()) for each in _spellings(typed)]


def _md5(typed: str, kept: str) -> bool:
    digests = [md5(each, usedforsecurity=False).hexdigest().encode() for each in _spellings(typed)]
    return True in [hmac.compare_digest(each, kept.lower().encode()) for each in digests]


# A legacy shop's hashes keep their scheme's name; each scheme adds its verifier here and is left at the next sign-in.
# Whether an old shop hashed the password raw or escaped depends on its version and upgrades: both are tried for all.
VERIFIERS: dict[str, Verifier] = {
    CURRENT: _argon2id,
    "bcrypt": _bcrypt,
    "sha1-salted": _sha1_salted,
    "sha1-salted-escaped": _sha1_salted,
    "md5": _md5,
}
_NOBODYS_BCRYPT = "$2b${cost:02}$abcdefghijklmnopqrstuuT0rrZHNwF4PrhSdgpOQHyCCZI8Jh6kS"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password fits; `upgrade` is a hash of today's kind to keep instead of the old one."""

    fits: bool
    upgrade: str | None = None


async def hashed(password: str, salt: bytes) -> str:
    """An Argon2id hash in PHC form. `salt`: 16 fresh random bytes. Unavailable when too many wait."""
    return await _work(lambda: _ARGON.hash(plain(password).encode(), salt=salt))


async def hashed_for_php(password: str, salt: bytes) -> str | None:
    """A bcrypt hash as PHP's `password_verify` checks it in every build, of what PHP shops see of a password: without
    blanks around it. None for a password that PHP cannot hash. `salt`: 16 fresh random bytes. Unavailable."""
    seen = _cut(password).encode()
    return None if b"\0" in seen else await _work(lambda: _for_php(seen, salt))


async def check(password: str, scheme: str | None, kept: str | None, salt: bytes, *, bcrypt_cost: int = 0) -> Verdict:
    """Whether the password fits what is kept under `scheme`; None and None for an account without one, or nobody's.

    Every way through costs one Argon2id hash at least, so time does not tell which accounts exist, or whose scheme is old.
    `bcrypt_cost`: of the dearest bcrypt hash that any account still has, 0 for none. It alone is as dear as ours, so
    as long as there is one every way through costs that much too.
    """
    return await _work(lambda: _check_evenly(password, scheme, kept, salt, bcrypt_cost))


async def slow_digest(text: bytes, salt: bytes) -> bytes:
    """A digest as costly to guess at as a password hash: for what must be compared later and holds a password."""
    return await _work(lambda: hash_secret_raw(text, salt, _PASSES, _MEMORY_KIB, _LANES, 16, Type.ID))


def _check_evenly(password: str, scheme: str | None, kept: str | None, salt: bytes, dearest: int) -> Verdict:
    verdict = _check(password, scheme, kept, salt)
    own = bcrypt_cost(kept) if scheme == "bcrypt" and kept else None
    if dearest and own is None:
        _bcrypt(password, _NOBODYS_BCRYPT.format(cost=dearest))
    elif own is not None:
        for cost in range(own, dearest):  # 2^own and these come to 2^dearest
            _bcrypt(password, _NOBODYS_BCRYPT.format(cost=cost))
    return verdict


def _check(password: str, scheme: str | None, kept: str | None, salt: bytes) -> Verdict:
    if kept is None or scheme is None:
        _argon2id(password, _NOBODY)
        return Verdict(False)
    if scheme == CURRENT:
        fits = _argon2id(password, kept)
        old = fits and _ARGON.check_needs_rehash(kept)
        return Verdict(fits, _ARGON.hash(plain(password).encode(), salt=salt) if old else None)
    verifier = VERIFIERS.get(scheme)
    fits = verifier is not None and verifier(password, kept)
    fresh = _ARGON.hash(plain(password).encode(), salt=salt)
    return Verdict(fits, fresh if fits else None)


def _for_php(seen: bytes, salt: bytes) -> str:
    spelled = standard_b64encode(salt).decode().rstrip("=").translate(_BCRYPT_DIGITS)
    made = bcrypt.hashpw(seen[:72], f"$2b${_PHP_COST}${spelled}".encode()).decode()
    return f"$2y${made[4:]}"  # the same algorithm, by the name PHP gives it


async def _work(task: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= _LONGEST_QUEUE:
        raise Unavailable("too many people sign in at this moment", retry_after=2)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, task)
    finally:
        _waiting -= 1
