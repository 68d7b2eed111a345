"""API keys: how they look, and who stands behind one. A key that was revoked is refused everywhere within 30 seconds.

`bk_`, 43 characters of chance and 6 of checksum, all in base 62: scanners of repositories and logs find keys by
`bk_[0-9A-Za-z]{49}` and know a real one without asking, and so does the gateway before it asks anybody.
"""

import re
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING
from zlib import crc32

from banyan.contracts.users import AskApiKey
from banyan.foundation.auth import Principal
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unauthenticated

if TYPE_CHECKING:
    from banyan.foundation.peers import Peers

PREFIX = "bk_"
REMEMBERED_SECONDS = 30.0
_MOST = 10_000
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHANCE, _CHECK = 43, 6  # characters: 256 bits, and 32
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_CHANCE + _CHECK}}}")


def make(secret: bytes) -> str:
    """A key out of 32 unguessable bytes."""
    body = PREFIX + _base62(int.from_bytes(secret[:32]), _CHANCE)
    return body + _checksum(body)


def looks_real(text: str) -> bool:
    """Whether the checksum fits: it was made here, or by somebody who read this."""
    return _SHAPE.fullmatch(text) is not None and _checksum(text[:-_CHECK]) == text[-_CHECK:]


def digest(key: str) -> str:
    """What is kept of a key, and what services ask each other by. It is unguessable, so a plain digest does."""
    return sha256(key.encode()).hexdigest()


class Keyring:
    """Who stands behind which key, as users said at most 30 seconds ago. A key that is refused is remembered as well."""

    def __init__(self, peers: "Peers", clock: Clock) -> None:
        self._peers = peers
        self._clock = clock
        self._known = OrderedDict[str, tuple[float, Principal | None]]()

    async def principal(self, key: str) -> Principal:
        """Unauthenticated for what is no key that works now."""
        if not looks_real(key):
            raise _refused()
        asked, now = digest(key), self._clock.monotonic()
        known = self._known.get(asked)
        if known is None or known[0] < now:
            known = self._known[asked] = (now + REMEMBERED_SECONDS, await self._ask(asked))
            self._known.move_to_end(asked)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        if known[1] is None:
            raise _refused()
        return known[1]

    async def _ask(self, asked: str) -> Principal | None:
        holder = (await self._peers.ask(AskApiKey(digest=asked))).holder
        if holder is None:
            return None
        scopes = frozenset(holder.scopes)
        permissions = scopes & frozenset(holder.permissions)
        return Principal(holder.user_id, None, permissions, scopes=scopes, key_id=holder.key_id)


def _refused() -> Unauthenticated:
    return Unauthenticated("this API key is not known, has expired or was revoked", code="invalid_token")


def _checksum(body: str) -> str:
    return _base62(crc32(body.encode()), _CHECK)


def _base62(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text
