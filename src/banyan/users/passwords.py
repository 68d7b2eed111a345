"""Password hashes: Argon2id now, verifiers of older schemes by name, all of it off the event loop and two at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from banyan.kernel.refusals import Unavailable
from banyan.users.domain.password_rules import plain

T = TypeVar("T")
Verifier = Callable[[str, str], bool]  # (what was typed, what is kept) → whether they fit

CURRENT = "argon2id"
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1  # OWASP's least, 19 ms on our machine
_ARGON = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
# Nobody's: hashed from 32 random bytes that were thrown away. An unknown account costs the time of a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$6rtKqD0sHi/Aj5KQtmBW2A$MHmdXTnxEz814BYIWpR3bZ8GizmcmtEUoDIeQZ+CJGE"
_PARALLEL = 2
_LONGEST_QUEUE = 150  # about two seconds of work

_threads = ThreadPoolExecutor(_PARALLEL, "password")
_waiting = 0


def _argon2id(typed: str, kept: str) -> bool:
    try:
        return _ARGON.verify(kept, plain(typed).encode())
    except (VerificationError, InvalidHashError):
        return False


# A legacy shop's hashes keep their scheme's name; each scheme adds its verifier here and is left at the next sign-in.
VERIFIERS: dict[str, Verifier] = {CURRENT: _argon2id}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password fits; `upgrade` is a hash of today's kind to keep instead of the old one."""

    fits: bool
    upgrade: str | None = None


async def hashed(password: str, salt: bytes) -> str:
    """An Argon2id hash in PHC form. `salt`: 16 fresh random bytes. Unavailable when too many wait."""
    return await _work(lambda: _ARGON.hash(plain(password).encode(), salt=salt))


async def check(password: str, scheme: str | None, kept: str | None, salt: bytes) -> Verdict:
    """Whether the password fits what is kept under `scheme`; None and None for an account without one, or nobody's.

    Every way through costs one Argon2id hash at least, so time does not tell which accounts exist, or whose scheme is old.
    """
    return await _work(lambda: _check(password, scheme, kept, salt))


async def slow_digest(text: bytes, salt: bytes) -> bytes:
    """A digest as costly to guess at as a password hash: for what must be compared later and holds a password."""
    return await _work(lambda: hash_secret_raw(text, salt, _PASSES, _MEMORY_KIB, _LANES, 16, Type.ID))


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


async def _work(task: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= _LONGEST_QUEUE:
        raise Unavailable("too many people sign in at this moment", retry_after=2)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, task)
    finally:
        _waiting -= 1
