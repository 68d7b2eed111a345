"""Opaque, prefixed, time-ordered ids (`ord_01J…`) and unguessable secrets, from a source that is an argument."""

import os
import random
from typing import Protocol

from banyan.kernel.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


class Ids(Protocol):
    """Where ids, secrets and chance come from."""

    def new(self, prefix: str) -> str:
        """A new id such as `ord_01jd3…`: 48 bits of milliseconds, then 80 random bits; later ids sort later."""
        ...

    def secret(self, size: int = 32) -> bytes:
        """`size` unguessable bytes."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1), for jitter and sampling."""
        ...


def spell(number: int, length: int) -> str:
    """Crockford's base 32, most significant digit first, `length` digits."""
    even = "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * (length - 2 + length % 2), -1, -10)])
    return even[length % 2 :]


class _Timed:
    """Ids whose first 48 bits are the clock's milliseconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self, prefix: str) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000) & (1 << 48) - 1
        return f"{prefix}_{spell(milliseconds << 80 | int.from_bytes(self.secret(10)), 26)}"

    def secret(self, size: int = 32) -> bytes:
        raise NotImplementedError


class SystemIds(_Timed):
    """Randomness of the operating system."""

    def secret(self, size: int = 32) -> bytes:
        return os.urandom(size)

    def fraction(self) -> float:
        return int.from_bytes(os.urandom(7)) / (1 << 56)


class SeededIds(_Timed):
    """The same ids for the same seed and clock: for the simulator and for tests, never for a shop."""

    def __init__(self, clock: Clock, seed: int) -> None:
        super().__init__(clock)
        self._chance = random.Random(seed)

    def secret(self, size: int = 32) -> bytes:
        return self._chance.randbytes(size)

    def fraction(self) -> float:
        return self._chance.random()
