"""Personal data sealed with a key of its subject's own: whoever destroys that key has erased it from every copy.

Three layers: the key port wraps one key of the service (kept in its table `sealed_secret`, opened once at its start);
that one wraps a key for each subject, which is kept beside what it seals and unwrapped anew for each read (3 µs), so that
a destroyed key serves nobody from then on. What a key seals looks the same each time it is sealed: what is rebuilt from
facts can be compared with what is kept. AES-256-GCM throughout, with nonces made from what is sealed (a keyed hash, so that
two texts never share one).
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from banyan.foundation.db import Db
    from banyan.foundation.keys import Keys
    from banyan.kernel.ids import Ids

_NAME = "subject keys"
_NONCE = 12
_KEEP = "INSERT INTO sealed_secret VALUES ($1, $2) ON CONFLICT DO NOTHING"
_FIND = "SELECT sealed FROM sealed_secret WHERE name = $1"


class Unreadable(ValueError):
    """Sealed for another subject or use, by another key, or changed since."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The key of one subject, as it lies in the database (`wrapped`) and at work. Without a key (None) it is destroyed."""

    subject: str
    wrapped: bytes | None = field(repr=False)
    index: Callable[[str], str] = field(repr=False)  # of the service
    _cipher: AESGCM | None = field(default=None, repr=False)
    _hash_key: bytes = field(default=b"", repr=False)

    @property
    def destroyed(self) -> bool:
        return self._cipher is None

    def close(self, personal: Any, use: str) -> str:
        """Seal JSON for this use; the same text each time. Never asked of a destroyed key."""
        assert self._cipher is not None
        plain, bound = orjson.dumps(personal), self._bound(use)
        nonce = blake2b(len(bound).to_bytes(4) + bound + plain, key=self._hash_key, digest_size=_NONCE).digest()
        return b64encode(nonce + self._cipher.encrypt(nonce, plain, bound)).decode()

    def open(self, sealed: str, use: str) -> Any:
        """What was sealed; None when the key is destroyed. Unreadable for anything else than `close` gave."""
        if self._cipher is None:
            return None
        try:
            given = b64decode(sealed)
            return orjson.loads(self._cipher.decrypt(given[:_NONCE], given[_NONCE:], self._bound(use)))
        except (InvalidTag, ValueError):
            raise Unreadable(f"{use} of {self.subject} is not readable: changed, or sealed by another key") from None

    def _bound(self, use: str) -> bytes:
        return f"{self.subject} {use}".encode()


class Subjects:
    """Makes and unwraps the keys of subjects with one key of the service."""

    def __init__(self, secret: bytes) -> None:
        self._wrapping = AESGCM(_derived(secret, b"wrap"))
        self._nonces = _derived(secret, b"nonces")
        self._found_by = _derived(secret, b"index")

    def fresh(self, subject: str, key: bytes) -> Seal:
        """The seal of a new subject: `key` is 32 unguessable bytes."""
        bound = subject.encode()
        nonce = blake2b(bound + key, key=self._nonces, digest_size=_NONCE).digest()
        return self._seal(subject, key, nonce + self._wrapping.encrypt(nonce, key, bound))

    def known(self, subject: str, wrapped: bytes | None) -> Seal:
        """The seal of a subject whose key was kept; a destroyed one where nothing is kept any more."""
        if wrapped is None:
            return Seal(subject, None, self.index)
        try:
            key = self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode())
        except InvalidTag:
            raise Unreadable(f"the key of {subject} was wrapped by another key, or changed") from None
        return self._seal(subject, key, wrapped)

    def index(self, text: str) -> str:
        """What a text is found by without being kept: equal texts have an equal index, of this service alone."""
        return "~" + hmac.new(self._found_by, text.encode(), sha256).hexdigest()

    def _seal(self, subject: str, key: bytes, wrapped: bytes) -> Seal:
        return Seal(subject, wrapped, self.index, AESGCM(_derived(key, b"seal")), _derived(key, b"nonces"))


async def of(db: "Db", keys: "Keys", ids: "Ids") -> Subjects:
    """The service's own: its key is made once, kept sealed by the key port, and held in memory from then on."""
    sealed = await db.fetchval(_FIND, _NAME)
    if sealed is None:
        async with db.transaction() as tx:
            await tx.execute(_KEEP, _NAME, await keys.seal(ids.secret(32), _NAME))
        sealed = await db.fetchval(_FIND, _NAME)
    return Subjects(await keys.open(sealed, _NAME))


def _derived(key: bytes, use: bytes) -> bytes:
    return blake2b(key=key, person=use, digest_size=32).digest()
